"""How the number of clusters was chosen: what clustering hands on to the training report."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

ELBOW = "elbow.json"  # next to the cluster model; no part of a bundle


@dataclass(frozen=True, slots=True)
class Elbow:
    """The curve of KMeans, and what was made of it."""

    inertia: Mapping[int, float]  # number of clusters -> within-cluster sum of squares
    elbow: int  # what the curve asks for
    used: int

    def write(self, folder: Path) -> None:
        """Write `elbow.json` into the folder of a cluster model."""
        (folder / ELBOW).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read_elbow(folder: Path) -> Elbow:
    """Read what `Elbow.write` wrote."""
    raw = json.loads((folder / ELBOW).read_text(encoding="utf-8"))
    return Elbow({int(count): inertia for count, inertia in raw["inertia"].items()}, raw["elbow"], raw["used"])
