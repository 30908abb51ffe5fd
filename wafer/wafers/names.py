"""What two spellings of one column share, wherever they are compared."""


def without_blanks(name: str) -> str:
    """A column name with all white space taken out: the field writes both `Sensor - 1` and `Sensor-1`."""
    return "".join(name.split())
