"""Put the outputs of the training stages together as one sealed bundle, and load a bundle nobody touched since."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wafer.errors import BundleRejected
from wafer.model.calibration import Calibration
from wafer.model.clusters import Clustering
from wafer.model.files import read_json, replacing, seal
from wafer.model.files import verify_bundle as verify_bundle
from wafer.model.members import FAMILIES, Family, load_member
from wafer.model.out_of_fold import joined, load_out_of_fold
from wafer.model.preprocessor import Preprocessor
from wafer.model.scoring import ClusterModel, ModelBundle
from wafer.model.statistics import SensorStatistics

PREPROCESSOR = "preprocessor.json"
STATISTICS = "statistics.json"
CLUSTERS = "clusters.json"
GLOBAL = "global.json"
MEMBER = "member.json"
OUT_OF_FOLD = "out_of_fold.parquet"


def assemble_bundle(
    *,
    preprocessor_dir: Path,
    cluster_model_dir: Path,
    global_dir: Path,
    member_dirs: Sequence[Path],
    out: Path,
    contract_digest: str = "",
    metadata: Mapping[str, str] | None = None,
) -> ModelBundle:
    """Write a sealed bundle from what the stages left; `member_dirs` in any order, one a cluster.

    `metadata` becomes part of the digest, so it must say the same for the same training (no run id, no time).
    Raises BundleRejected when a cluster is missing.
    """
    members = _members_by_cluster(member_dirs, len(read_json(cluster_model_dir / CLUSTERS)["centroids"]))
    rows = joined([load_out_of_fold(folder / OUT_OF_FOLD) for folder, _ in members])
    everywhere = read_json(global_dir / GLOBAL)
    recipe = everywhere["recipe"]
    about = {
        "clusters": [summary for _, summary in members],
        "contract_digest": contract_digest,
        "metadata": dict(metadata or {}),
        "neighbours": {"auc": everywhere["auc"]["xgboost"], "auc_stretches": everywhere["auc_stretches"]},
        "quality": rows.quality(recipe["false_alarm_budget"]).to_json(),
        "recipe": recipe,
    }
    with replacing(out) as folder:
        shutil.copyfile(preprocessor_dir / PREPROCESSOR, folder / PREPROCESSOR)
        shutil.copyfile(preprocessor_dir / STATISTICS, folder / STATISTICS)
        shutil.copyfile(cluster_model_dir / CLUSTERS, folder / CLUSTERS)
        rows.save(folder / OUT_OF_FOLD)
        _copy_members(
            global_dir, [summary["family"] for _, summary in members if summary["share"] < 1], folder / "global"
        )
        for path, summary in members:
            _copy_members(
                path, [summary["family"]] if summary["share"] > 0 else [], folder / f"cluster-{summary['cluster']}"
            )
        seal(folder, about)
    return load_bundle(out)


def _members_by_cluster(folders: Sequence[Path], k: int) -> list[tuple[Path, dict[str, Any]]]:
    found = sorted(((folder, read_json(folder / MEMBER)) for folder in folders), key=lambda each: each[1]["cluster"])
    if [summary["cluster"] for _, summary in found] != list(range(k)):
        raise BundleRejected(f"The training made {k} clusters, but {len(found)} trained models came in; train again.")
    return found


def _copy_members(source: Path, families: Sequence[Family], target: Path) -> None:
    for family in sorted(set(families)):
        target.mkdir(exist_ok=True)
        shutil.copyfile(source / f"{family}.ubj", target / f"{family}.ubj")


def load_bundle(folder: Path, expected_digest: str | None = None) -> ModelBundle:
    """Verify a bundle completely, then load it. Raises BundleRejected before anything of it is built."""
    about = verify_bundle(folder, expected_digest)
    try:
        return ModelBundle(
            digest=about["digest"],
            preprocessor=Preprocessor.from_json(read_json(folder / PREPROCESSOR)),
            clusters=Clustering.from_json(read_json(folder / CLUSTERS)),
            cluster_models=tuple(_cluster_model(folder, summary) for summary in about["clusters"]),
            out_of_fold=load_out_of_fold(folder / OUT_OF_FOLD),
            statistics=SensorStatistics.from_json(read_json(folder / STATISTICS)),
            recipe=about["recipe"],
            about=about,
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise BundleRejected("The model bundle was written by an incompatible version; train again.") from error


def _cluster_model(folder: Path, summary: Mapping[str, Any]) -> ClusterModel:
    family, share = summary["family"], float(summary["share"])
    if family not in FAMILIES:
        raise BundleRejected(f"The model bundle names an unknown family of models, {family!r}.")
    places = [(share, f"cluster-{summary['cluster']}"), (1 - share, "global")]
    members = tuple((part, load_member(family, folder / place / f"{family}.ubj")) for part, place in places if part > 0)
    return ClusterModel(family, members, Calibration.from_json(summary["calibration"]))
