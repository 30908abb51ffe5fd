"""Universal Binary JSON as XGBoost writes it: the form in which trees are kept (https://ubjson.org).

Read here because loading XGBoost for it takes longer than most predictions, and 160 MB of an image.
"""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np

_NUMBERS = {mark: struct.Struct(f">{kind}") for mark, kind in zip(b"iUIlLdD", "bBhiqfd", strict=True)}
_ARRAYS = {mark: np.dtype(number.format) for mark, number in _NUMBERS.items()}
_NATIVE = {mark: kind.newbyteorder("=") for mark, kind in _ARRAYS.items()}
_WORDS = {ord("T"): True, ord("F"): False, ord("Z"): None}
_END_OF_ARRAY, _END_OF_OBJECT, _TYPE, _COUNT = b"]}$#"


def read_ubjson(data: bytes) -> Any:  # noqa: ANN401 - any JSON; arrays of numbers of one type are numpy's
    """Read a document. Raises ValueError for bytes of another form."""
    try:
        value, end = _value(data, 0)
    except (KeyError, IndexError, struct.error) as error:
        raise ValueError("The bytes are no UBJSON.") from error
    if end != len(data):
        raise ValueError("There are bytes after the end of the document.")
    return value


def _value(data: bytes, at: int) -> tuple[Any, int]:
    mark = data[at]
    if mark in _WORDS:
        return _WORDS[mark], at + 1
    return _READERS.get(mark, _number)(data, at)


def _number(data: bytes, at: int) -> tuple[int | float, int]:
    kind = _NUMBERS[data[at]]  # by numpy a bundle took .25 CPU s in place of .12
    return kind.unpack_from(data, at + 1)[0], at + 1 + kind.size


def _text(data: bytes, at: int) -> tuple[str, int]:
    length, start = _number(data, at)
    end = start + int(length)
    return data[start:end].decode(), end


def _marked_text(data: bytes, at: int) -> tuple[str, int]:
    return _text(data, at + 1)


def _object(data: bytes, at: int) -> tuple[dict[str, object], int]:
    found, at = dict[str, object](), at + 1
    while data[at] != _END_OF_OBJECT:
        name, at = _text(data, at)
        found[name], at = _value(data, at)
    return found, at + 1


def _array(data: bytes, at: int) -> tuple[Any, int]:
    if data[at + 1] == _TYPE:
        return _typed_array(data, at + 2)
    if data[at + 1] == _COUNT:
        count, at = _number(data, at + 2)
        return _values(data, at, lambda _, found: len(found) < count)
    found, at = _values(data, at + 1, lambda at, _: data[at] != _END_OF_ARRAY)
    return found, at + 1


def _values(data: bytes, at: int, goes_on: Callable[[int, list[Any]], bool]) -> tuple[list[Any], int]:
    found: list[Any] = []
    while goes_on(at, found):
        value, at = _value(data, at)
        found.append(value)
    return found, at


def _typed_array(data: bytes, at: int) -> tuple[Any, int]:
    mark = data[at]
    if data[at + 1] != _COUNT:
        raise ValueError("An array of numbers does not say how many there are.")
    count, start = _number(data, at + 2)
    values = np.frombuffer(data, _ARRAYS[mark], int(count), start)
    return values.astype(_NATIVE[mark]), start + values.nbytes


_READERS: dict[int, Callable[[bytes, int], tuple[Any, int]]] = {
    ord("{"): _object,
    ord("["): _array,
    ord("S"): _marked_text,
}
