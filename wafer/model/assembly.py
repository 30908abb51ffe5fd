"""Put the outputs of the training stages together as one sealed bundle, and load a bundle nobody touched since."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from wafer.errors import BundleRejected
from wafer.files import complete_folder
from wafer.model.clusters import Clustering
from wafer.model.codec import from_json
from wafer.model.files import read_json, seal
from wafer.model.files import verify_bundle as verify_bundle
from wafer.model.out_of_fold import joined, load_out_of_fold
from wafer.model.preprocessor import Preprocessor
from wafer.model.recipe import Recipe
from wafer.model.scoring import ClusterModel, ModelBundle
from wafer.model.statistics import StatisticsFile
from wafer.model.summaries import BundleSummary, ClusterSummary, GlobalSummary

PREPROCESSOR = "preprocessor.json"
STATISTICS = "statistics.json"
CLUSTERS = "clusters.json"
GLOBAL = "global.json"
MEMBER = "member.json"
OUT_OF_FOLD = "out_of_fold.parquet"
_GLOBAL = "global"


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
    clusters = _by_cluster(member_dirs, read_json(cluster_model_dir / CLUSTERS, Clustering).k)
    rows = joined([load_out_of_fold(folder / OUT_OF_FOLD) for folder, _ in clusters])
    everywhere = read_json(global_dir / GLOBAL, GlobalSummary)
    recipe = everywhere.recipe
    about = BundleSummary(
        clusters=tuple(summary for _, summary in clusters),
        contract_digest=contract_digest,
        metadata=dict(metadata or {}),
        neighbours=everywhere.neighbours,
        quality=rows.quality(recipe.false_alarm_budget),
        recipe=recipe,
    )
    with complete_folder(out) as folder:
        shutil.copyfile(preprocessor_dir / PREPROCESSOR, folder / PREPROCESSOR)
        shutil.copyfile(preprocessor_dir / STATISTICS, folder / STATISTICS)
        shutil.copyfile(cluster_model_dir / CLUSTERS, folder / CLUSTERS)
        rows.save(folder / OUT_OF_FOLD)
        for path, summary in clusters:
            file = recipe.family(summary.family).file
            for place, _ in _parts(summary):
                (folder / place).mkdir(exist_ok=True)
                shutil.copyfile((global_dir if place == _GLOBAL else path) / file, folder / place / file)
        seal(folder, about)
    return load_bundle(out)


def _by_cluster(folders: Sequence[Path], k: int) -> list[tuple[Path, ClusterSummary]]:
    read = [(folder, read_json(folder / MEMBER, ClusterSummary)) for folder in folders]
    found = sorted(read, key=lambda each: each[1].cluster)
    if [summary.cluster for _, summary in found] != list(range(k)):
        raise BundleRejected(f"The training made {k} clusters, but {len(found)} trained models came in; train again.")
    return found


def _parts(summary: ClusterSummary) -> list[tuple[str, float]]:
    """Folder of the bundle -> share in the score of each model that a cluster's score is averaged from."""
    parts = [(f"cluster-{summary.cluster}", summary.share), (_GLOBAL, 1 - summary.share)]
    return [(place, share) for place, share in parts if share > 0]


def load_bundle(folder: Path, expected_digest: str | None = None) -> ModelBundle:
    """Verify a bundle completely, then load it. Raises BundleRejected before anything of it is built."""
    sealed = verify_bundle(folder, expected_digest)
    try:
        about = from_json(BundleSummary, sealed.about)
        return ModelBundle(
            digest=sealed.digest,
            preprocessor=read_json(folder / PREPROCESSOR, Preprocessor),
            clusters=read_json(folder / CLUSTERS, Clustering),
            cluster_models=tuple(_cluster_model(folder, about.recipe, summary) for summary in about.clusters),
            out_of_fold=load_out_of_fold(folder / OUT_OF_FOLD),
            statistics=read_json(folder / STATISTICS, StatisticsFile).statistics,
            about=about,
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise BundleRejected("The model bundle was written by an incompatible version; train again.") from error


def _cluster_model(folder: Path, recipe: Recipe, summary: ClusterSummary) -> ClusterModel:
    family = recipe.family(summary.family)
    models = tuple((share, family.load(folder / place / family.file)) for place, share in _parts(summary))
    return ClusterModel(summary.family, models, summary.calibration)
