"""What tests on later or other files found, as it is told: pooled and by file, with intervals of 90 %."""

from pydantic import BaseModel, ConfigDict

from wafer.evaluation.standing import Share


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Figure(_Record):
    """A figure, with its interval where there are wafers enough to tell it."""

    value: float
    low: float | None = None
    high: float | None = None


class Verdicts(_Record):
    """What one rule for the threshold flagged; a share is None where no wafer had that outcome."""

    found: int
    false_alarms: int
    recall: Share | None
    false_alarm_rate: Share | None


class TestedFile(_Record):
    """The wafers of one file, as a model judged them that had not seen it."""

    name: str
    wafers: int
    failures: int
    auc: float | None  # None where all wafers have the same outcome
    fixed: Verdicts  # by the threshold that was known from the wafers learned from
    recent: Verdicts  # by the threshold that follows recent scores


class TestedFiles(_Record):
    """Every wafer that was tested in one way, and the files one by one in the order of time."""

    wafers: int
    failures: int
    auc: Share
    pr_auc: Share
    fixed: Verdicts
    recent: Verdicts
    files: tuple[TestedFile, ...]


class FileTest(_Record):
    """The wafers of one later file, or of all of them, as a model of earlier files judged them."""

    name: str  # "" for all together
    learned_from: int  # wafers of earlier files; of all together, the fewest
    wafers: int
    failures: int
    auc: Figure | None  # None where all wafers have the same outcome
    pr_auc: Figure | None
    fixed: Verdicts
    recent: Verdicts


class Backtest(_Record):
    """A walk forward over all files; those before the first test were only learned from."""

    budget: float
    first_past: tuple[str, ...]  # files of the first past, the earliest first
    files: tuple[FileTest, ...]  # in the order of time
    pooled: FileTest
