"""How a share is written for people, wherever it stands."""


def percent(share: float, digits: int = 1) -> str:
    """A share of 1 as per cent, with so many digits after the point."""
    return f"{100 * share:.{digits}f} %"
