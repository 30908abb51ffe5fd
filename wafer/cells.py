"""Text cells of CSV files that people open in a spreadsheet: none runs as a formula, and all can be read back."""

GUARDED = ("=", "+", "-", "@", "\t", "\r", "'")  # what starts a formula, and the sign that stands before one


def safe_cell(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(GUARDED) else text


def text_of(cell: str) -> str:
    """The text that `safe_cell` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(GUARDED) else cell
