"""The encoding of an export's text, as its first bytes show it."""

import codecs
import re

from wafer.contract.text import Encoding

EASTERN: tuple[Encoding, ...] = ("cp932", "gb18030", "cp949", "cp950")  # characters of two bytes; never quite sure
_MOSTLY = 0.6
_FEW = 0.2
_TELLING = 6  # letters
_HIGH = re.compile(rb"[\x80-\xff]+")
_CONTROLS = re.compile(rb"[\x80-\x9f]")  # of Latin-1: no text holds them
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")  # what Chinese and Korean look like when they are read as Japanese
_NO_HANGUL = re.compile("[^\\x00-\\x7f\uac00-\ud7a3]")
_HANGUL = re.compile("[\uac00-\ud7a3]")


def encoding_of(head: bytes) -> Encoding | None:
    """The likeliest encoding; None for bytes that are no text, or UTF-16 without a mark."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        return None
    if _text(head, "utf-8") is not None:
        return "utf-8"
    eastern = _eastern(head) if _in_pairs(head) else None
    return eastern or _western(head)


def _western(head: bytes) -> Encoding:
    windows = _CONTROLS.search(head) and _text(head, "windows-1252") is not None
    return "windows-1252" if windows else "latin-1"


def _eastern(head: bytes) -> Encoding | None:
    """The likeliest of those that can read the bytes."""
    japanese, korean = _text(head, "cp932"), _text(head, "cp949")
    if japanese is not None and len(_HALF_WIDTH.findall(japanese)) < _FEW * sum(sign > "\x7f" for sign in japanese):
        return "cp932"
    if korean is not None and not _NO_HANGUL.search(korean) and len(set(_HANGUL.findall(korean))) >= _TELLING:
        return "cp949"
    if _text(head, "gb2312") is not None:
        return "gb18030"
    return next((name for name in ("cp950", "gb18030", "cp949") if _text(head, name) is not None), None)


def _in_pairs(head: bytes) -> bool:
    """Whether most bytes beyond ASCII stand next to another one: characters of two bytes do, `°` and `ü` do not."""
    runs = [len(run) for run in _HIGH.findall(head)]
    return sum(length for length in runs if length > 1) > _MOSTLY * sum(runs)


def _text(head: bytes, name: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return None
