"""Tables drawn with bars around their columns, as Markdown and the consoles of databases write them."""

import re
from collections.abc import Sequence

_BARS = "|\u2502\u2503\u2551"
_DRAWN_BARS = re.compile("|".join(_BARS[1:]).encode())
_AROUND = re.compile(rb"[ \t]*\|[ \t]*")
_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$")
_DRAWN = frozenset("-+=|: \t").union(map(chr, range(0x2500, 0x2580)))
_HALF = 0.5
_STROKES = re.compile("[-=\u2500-\u257f]{2}")


def without_bars_around(lines: bytes) -> bytes:
    """Whole lines with bars between fields alone, and no blanks beside them; lines that are drawn as rules go."""
    return b"".join(_plain(line) for line in _LINES.findall(_DRAWN_BARS.sub(b"|", lines)))


def has_bars_around(lines: Sequence[str]) -> bool:
    """Whether most lines of a text begin and end with a bar, or are drawn."""
    filled = [line for line in lines if line.strip()]
    found = [line for line in filled if _is_between_bars(line)]
    return bool(found) and len(found) + sum(map(is_rule, filled)) > _HALF * len(filled)


def is_rule(line: str) -> bool:
    """Whether a line is drawn: `+-----+-----+`, `|:--|--:|`."""
    return set(line) <= _DRAWN and _STROKES.search(line) is not None


def _is_between_bars(line: str) -> bool:
    plain = line.strip()
    return len(plain) > 1 and plain[0] in _BARS and plain[-1] in _BARS


def _plain(line: bytes) -> bytes:
    text = line.rstrip(b"\r\n")
    if is_rule(text.decode(errors="replace")):
        return b""
    fields = _AROUND.sub(b"|", text.strip(b" \t"))
    return fields.removeprefix(b"|").removesuffix(b"|") + line[len(text) :]
