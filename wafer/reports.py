"""Self-contained HTML pages for people: one style, no script, light and dark, every text escaped."""

import base64
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Literal

from markupsafe import Markup, escape

Notice = Literal["ok", "warning", "error"]
PRINTED = 40  # rows of a table on paper, as `reports.css` has it too


def page(title: str, body: Markup, subtitle: str = "") -> str:
    """A whole HTML document with the style inside it, so it can be mailed, stored as an artifact and opened offline."""
    style = Markup((files("wafer") / "reports.css").read_text(encoding="utf-8"))  # noqa: S704 - our own package data
    head = Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">')
    document = Markup(
        '<!doctype html>\n<html lang="en"><head>{}<title>{}</title><style>{}</style></head>\n'
        "<body><header><h1>{}</h1><p>{}</p></header>\n<main>{}</main></body></html>\n"
    )
    return str(document.format(head, title, style, title, subtitle, body))


def section(title: str, *parts: Markup) -> Markup:
    """A titled part of a page."""
    return Markup("<section><h2>{}</h2>{}</section>\n").format(title, Markup("").join(parts))


def paragraph(text: str | Markup) -> Markup:
    """One paragraph of plain text."""
    return Markup("<p>{}</p>\n").format(text)


def coded(text: str) -> Markup:
    """A sentence with what stands between backticks set as code."""
    plain, *pairs = text.split("`")
    code = [Markup("<code>{}</code>{}").format(*pairs[n : n + 2]) for n in range(0, len(pairs) - 1, 2)]
    return Markup("{}").format(plain) + Markup("").join(code)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], numeric: Sequence[int] = ()) -> Markup:
    """A table that scrolls sideways on a narrow screen; `numeric` columns (by position) are set flush right.

    On paper it ends after `PRINTED` rows, and says so.
    """
    rows = list(rows)
    kinds = ["num" if column in numeric else "txt" for column in range(len(headers))]
    head = Markup("").join(
        Markup('<th scope="col" class="{}">{}</th>').format(k, h) for k, h in zip(kinds, headers, strict=True)
    )
    # Joined as text: of the 1,537 wafers' report, `Markup.format` for every cell took a third of the time.
    lines = Markup("\n".join(f"<tr>{_cells(kinds, row)}</tr>" for row in rows))  # noqa: S704 - each cell is escaped
    whole = Markup(
        '<div class="scroll" tabindex="0"><table><thead><tr>{}</tr></thead>\n<tbody>{}</tbody></table></div>\n'
    )
    return whole.format(head, lines) + _cut(len(rows))


def _cells(kinds: Sequence[str], row: Sequence[object]) -> str:
    return "".join(f'<td class="{kind}">{escape(cell)}</td>' for kind, cell in zip(kinds, row, strict=True))


def _cut(rows: int) -> Markup:
    """What stands on paper below a table that continues."""
    if rows <= PRINTED:
        return Markup()
    return Markup('<p class="paper">The first {} of {:,} rows; the page itself lists more.</p>\n').format(PRINTED, rows)


def tiles(values: Iterable[tuple[str, object, str]]) -> Markup:
    """The few numbers a reader looks for first: (label, value, hint) each."""
    cells = Markup("").join(
        Markup('<div class="tile"><dt>{}</dt><dd>{}</dd><small>{}</small></div>').format(*each) for each in values
    )
    return Markup('<dl class="tiles">{}</dl>\n').format(cells)


def notice(kind: Notice, text: str | Markup) -> Markup:
    """A sentence that stands out: what is well, what to watch, what failed."""
    return Markup('<p class="notice {}" role="note">{}</p>\n').format(kind, text)


def badge(kind: Notice, text: str) -> Markup:
    """A short word with a colour, for a verdict in a table."""
    return Markup('<span class="badge {}">{}</span>').format(kind, text)


def details(summary: str, body: Markup) -> Markup:
    """A part the reader opens when wanted."""
    return Markup("<details><summary>{}</summary>{}</details>\n").format(summary, body)


def figure(image: bytes, caption: str) -> Markup:
    """An SVG or PNG picture inside the page, with its caption as the text alternative."""
    kind = "png" if image.startswith(b"\x89PNG") else "svg+xml"
    data = base64.b64encode(image).decode()
    return Markup('<figure><img alt="{}" src="data:image/{};base64,{}"><figcaption>{}</figcaption></figure>\n').format(
        caption, kind, data, caption
    )


def joined(parts: Iterable[str], separator: str = ", ") -> Markup:
    """Several pieces of text as one, each escaped."""
    return escape(separator).join(parts)
