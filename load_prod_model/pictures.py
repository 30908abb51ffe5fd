"""The pictures of a training, once for its report and once, as files of their own, for MLflow."""

from typing import NamedTuple

from load_prod_model.held_out import ThreeWays
from wafer.evaluation.curve import curve_of
from wafer.evaluation.elbow import Elbow
from wafer.evaluation.plots import RocLine, elbow_plot, precision_plot, reliability_plot, roc_plot
from wafer.evaluation.quality import Quality
from wafer.evaluation.reliability import reliability
from wafer.model.scoring import ModelBundle

POINTS = 2000  # of a curve


class Pictures(NamedTuple):
    """SVG, each out of fold where it is about quality; none of later files where too few failed."""

    roc: bytes
    precision_recall: bytes
    calibration: bytes
    elbow: bytes
    forward: bytes | None

    @classmethod
    def of(cls, model: ModelBundle, quality: Quality, found: ThreeWays, elbow: Elbow) -> "Pictures":
        """Draw them."""
        rows = model.out_of_fold
        curve = curve_of(rows.failed, rows.probability).thinned(POINTS)
        line = RocLine(f"this version ({quality.auc:.3f})", curve.false_alarm_rate.tolist(), curve.recall.tolist())
        recall, precision = curve.recall[1:].tolist(), curve.precision[1:].tolist()
        return cls(
            roc=roc_plot([line]),
            precision_recall=precision_plot(recall, precision, quality.failure_rate),
            calibration=reliability_plot(reliability(rows.failed, rows.probability)),
            elbow=elbow_plot(elbow),
            forward=found.curve(),
        )

    def files(self) -> dict[str, bytes]:
        """Name and content of the file of each."""
        drawn = {"roc": self.roc, "precision_recall": self.precision_recall, "calibration": self.calibration}
        drawn |= {"elbow": self.elbow} | ({"forward": self.forward} if self.forward else {})
        return {f"{name}.svg": content for name, content in drawn.items()}
