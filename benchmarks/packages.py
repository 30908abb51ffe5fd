"""Which of its two packages XGBoost came in: the small build, or the full one where there is no small one."""

from importlib.metadata import distributions

XGBOOST = next(name for name in ("xgboost-cpu", "xgboost") if any(distributions(name=name)))
