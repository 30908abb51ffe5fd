"""Figures of a model that meets every minimum requirement."""

from wafer.evaluation.quality import Quality

GOOD = Quality(
    wafers=1137,
    failures=67,
    auc=0.72,
    pr_auc=0.18,
    ber=0.36,
    recall=0.30,
    false_alarm_rate=0.10,
    recall_at_10=0.30,
    brier_skill=0.03,
)
