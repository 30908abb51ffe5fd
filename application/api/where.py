"""Where the service keeps what it knows, by the settings."""

from pathlib import Path

from application.access.keys import FILE, Keys
from application.settings import ServiceSettings
from wafer.settings import Settings


def keys_of(common: Settings, settings: ServiceSettings) -> Keys:
    """The API keys."""
    return Keys(Path(settings.keys) if settings.keys else common.home / FILE)
