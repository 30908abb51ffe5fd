"""Looks for news and tells them while the service runs: a receiver that hangs delays nobody."""

from contextlib import AbstractAsyncContextManager, nullcontext

from application.notices.notices import Notices
from application.runs.background import repeated

EVERY_SECONDS = 5.0


def telling(notices: Notices | None, every: float = EVERY_SECONDS) -> AbstractAsyncContextManager[None]:
    """Tell the news now and then for as long as the block lasts; nothing without notices."""
    if not notices:
        return nullcontext()

    def tell() -> None:
        notices.look()
        notices.outbox.deliver()

    return repeated("notices", tell, every, abandon=True)
