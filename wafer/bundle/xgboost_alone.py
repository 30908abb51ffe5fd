"""Imported in a process that trains nothing: xgboost, without scikit-learn, which it would load beside itself.

Loading scikit-learn takes longer than the rest of such a stage's imports. Where it is loaded already, it stays.
"""

import sys
from importlib import import_module

sys.modules.setdefault("sklearn", None)  # type: ignore[arg-type] # what is None here cannot be imported
import_module("xgboost")
