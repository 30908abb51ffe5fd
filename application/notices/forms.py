"""The body of a notice, in the form that its receiver reads."""

import json
from collections.abc import Callable

from application.notices.address import Form
from application.notices.event import Event

_CARD = "application/vnd.microsoft.card.adaptive"


def body_of(form: Form, event: Event) -> bytes:
    """An event as a receiver of this form reads it."""
    return _BODIES[form](event).encode()


def _slack(event: Event) -> str:
    """Slack's incoming webhooks: https://docs.slack.dev/messaging/formatting-message-text."""
    title, text = (_escaped(each) for each in (event.title, event.text))
    return json.dumps({"text": f"*{title}*\n{text}"})


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(event: Event) -> str:
    """A workflow of Teams that posts an adaptive card when a webhook request comes."""
    title = _block(event.title, weight="Bolder", size="Medium")
    content = {"type": "AdaptiveCard", "version": "1.4", "body": [title, _block(event.text)]}
    return json.dumps({"type": "message", "attachments": [{"contentType": _CARD, "content": content}]})


def _block(text: str, **how: str) -> dict[str, object]:
    return {"type": "TextBlock", "text": text, "wrap": True, **how}


_BODIES: dict[Form, Callable[[Event], str]] = {"json": Event.to_json, "slack": _slack, "teams": _teams}
