"""Lines whose fields stand apart by any whitespace, as lines with one blank between two fields."""

import re

_RETURN = re.compile(rb"\r(?=[ \t]*[^ \t\r\n])")
_QUOTED = re.compile(rb'("[^"\r\n]*")|[ \t]+')


def with_single_blanks(lines: bytes) -> bytes:
    """Whole lines with one blank between fields, and none around them; what stands in quotes stays as it is."""
    if b'"' in lines:
        lines = _QUOTED.sub(lambda found: found[1] or b" ", lines)
    else:
        lines = lines.replace(b"\t", b" ")
        while b"  " in lines:
            lines = lines.replace(b"  ", b" ")
    lines = lines.replace(b"\r \n", b"\r\r\n")  # two line ends, which must not become one
    for end in (b"\n", b"\r"):
        lines = lines.replace(b" " + end, end).replace(end + b" ", end)
    return lines.strip(b" ")


def end_of_last_line(data: bytes) -> int:
    """Where the last line ends that is known to be whole: a return may be the first half of a line end."""
    return data.rfind(b"\n") + 1 or max((found.end() for found in _RETURN.finditer(data)), default=0)
