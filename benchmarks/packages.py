"""Which of its two packages XGBoost came in: the small build, or the full one where there is no small one."""

from importlib.metadata import packages_distributions

XGBOOST = packages_distributions()["xgboost"][0]
