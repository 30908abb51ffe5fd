"""Keep a package out of a process that does not need it."""

import sys


def without_sklearn() -> None:
    """Keep xgboost from loading scikit-learn beside itself, in a process that trains nothing: a second for nothing.

    To be called before xgboost is imported; where scikit-learn is loaded already, it stays.
    """
    sys.modules.setdefault("sklearn", None)  # type: ignore[arg-type] # what is None here cannot be imported
