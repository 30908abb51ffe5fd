"""Notices as the settings name them."""

from application.notices.address import addresses
from application.notices.notices import Notices, Registries
from application.notices.outbox import Outbox
from application.runs.ledger.journal import Journal
from application.runs.ledger.protocol import Ledger
from application.runs.signs import Judge
from application.settings import ServiceSettings
from wafer.store import Store


def open_notices(
    settings: ServiceSettings, ledger: Ledger, journal: Journal, store: Store, registries: Registries, judge: Judge
) -> Notices | None:
    """Notices to the addresses of the settings; None where they name nobody. Raises `RequestInvalid`."""
    secret = settings.webhook_secret.get_secret_value()
    found = addresses(settings.webhooks.get_secret_value(), secret)
    if not found:
        return None
    return Notices(ledger, journal, Outbox(journal, found, secret), store, registries, judge)
