"""Put the outputs of the training stages together as one sealed bundle, and load a bundle nobody touched since."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from wafer.errors import BundleRejected
from wafer.files import complete_folder, sha256_of
from wafer.model.clusters import Clustering
from wafer.model.codec import from_json
from wafer.model.families.protocol import FamilyModel
from wafer.model.files import read_json, seal
from wafer.model.files import verify_bundle as verify_bundle
from wafer.model.novelty import NoveltyModel, load_novelty
from wafer.model.out_of_fold import (
    Known,
    OutcomeCounts,
    OutOfFold,
    joined,
    load_counts,
    load_known,
    load_out_of_fold,
    save_known,
)
from wafer.model.preprocessor import Preprocessor
from wafer.model.scoring import ClusterModel, ModelBundle
from wafer.model.statistics import StatisticsFile
from wafer.model.summaries import BundleSummary, ClusterSummary, GlobalSummary

PREPROCESSOR = "preprocessor.json"
STATISTICS = "statistics.json"
NOVELTY = "novelty.parquet"
CLUSTERS = "clusters.json"
GLOBAL = "global.json"
TRAINED_CLUSTER = "member.json"  # the name that runs of before have, as the artifact of the DAG
OUT_OF_FOLD = "out_of_fold.parquet"
IN_TIME = "in_time.parquet"
COUNTS = "outcomes.parquet"
KNOWN = "known.parquet"
_GLOBAL = "global"


def assemble_bundle(
    *,
    preprocessor_dir: Path,
    cluster_model_dir: Path,
    global_dir: Path,
    cluster_dirs: Sequence[Path],
    out: Path,
    contract_digest: str = "",
    metadata: Mapping[str, str] | None = None,
    out_of_fold: Path | None = None,
) -> ModelBundle:
    """Write a sealed bundle from what the stages left; `cluster_dirs` in any order, one a cluster.

    The file `out_of_fold` names every wafer with its score; the bundle holds what a prediction needs of it.
    `metadata` becomes part of the digest, so it must say the same for the same training (no run id, no time).
    Raises BundleRejected when a cluster is missing.
    """
    clusters = _by_cluster(cluster_dirs, read_json(cluster_model_dir / CLUSTERS, Clustering).k)
    rows = joined([load_out_of_fold(folder / OUT_OF_FOLD) for folder, _ in clusters])
    counts = OutcomeCounts.of(rows)
    everywhere = read_json(global_dir / GLOBAL, GlobalSummary)
    recipe = everywhere.recipe
    digest = _kept(rows, out_of_fold)
    about = BundleSummary(
        clusters=tuple(summary for _, summary in clusters),
        contract_digest=contract_digest,
        metadata=dict(metadata or {}),
        forward=everywhere.forward,
        whole_files=everywhere.whole_files,
        out_of_fold=digest,
        quality=counts.quality(recipe.false_alarm_budget),
        recipe=recipe,
    )
    with complete_folder(out) as folder:
        for name in (PREPROCESSOR, STATISTICS, NOVELTY):
            shutil.copyfile(preprocessor_dir / name, folder / name)
        shutil.copyfile(cluster_model_dir / CLUSTERS, folder / CLUSTERS)
        counts.save(folder / COUNTS)
        save_known(rows.known, folder / KNOWN)
        for path, summary in clusters:
            file = recipe.family(summary.family).file
            for place, _ in _parts(summary):
                (folder / place).mkdir(exist_ok=True)
                shutil.copyfile((global_dir if place == _GLOBAL else path) / file, folder / place / file)
        seal(folder, about)
    return load_bundle(out)


def _kept(rows: OutOfFold, path: Path | None) -> str:
    """Write the rows, to be thrown away where nobody asked for them; the file's sha256."""
    with TemporaryDirectory(prefix="out-of-fold-") as scratch:
        written = path or Path(scratch) / OUT_OF_FOLD
        rows.save(written)
        return sha256_of(written)


def rows_of(bundle: Path, model: ModelBundle, kept: Callable[[], Path]) -> OutOfFold:
    """Return the out-of-fold rows of a loaded bundle; `kept` fetches the file that was kept with its training.

    Bundles of before recipe 3 hold the file themselves. Raises BundleRejected for another file.
    """
    if not model.about.out_of_fold:
        return load_out_of_fold(bundle / OUT_OF_FOLD)
    path = kept()
    if sha256_of(path) != model.about.out_of_fold:
        raise BundleRejected(
            f"{OUT_OF_FOLD} of the training was altered since the model bundle was made, so the models cannot be "
            "compared. Find out who wrote to the registry's artifacts, or promote a version by hand."
        )
    return load_out_of_fold(path)


def _by_cluster(folders: Sequence[Path], k: int) -> list[tuple[Path, ClusterSummary]]:
    read = [(folder, read_json(folder / TRAINED_CLUSTER, ClusterSummary)) for folder in folders]
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
        counts, known = _learned(folder, about)
        clusters = read_json(folder / CLUSTERS, Clustering)
        return ModelBundle(
            digest=sealed.digest,
            preprocessor=read_json(folder / PREPROCESSOR, Preprocessor),
            clusters=clusters,
            novelty=_novelty(folder, clusters),
            cluster_models=_cluster_models(folder, about),
            out_of_fold=counts,
            known=known,
            statistics=read_json(folder / STATISTICS, StatisticsFile).statistics,
            about=about,
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise BundleRejected("The model bundle was written by an incompatible version; train again.") from error


def load_scores(folder: Path, about: BundleSummary) -> OutcomeCounts:
    """Return the out-of-fold scores of a bundle, whatever its age."""
    if about.out_of_fold:
        return load_counts(folder / COUNTS)
    return OutcomeCounts.of(load_out_of_fold(folder / OUT_OF_FOLD))


def _learned(folder: Path, about: BundleSummary) -> tuple[OutcomeCounts, Known]:
    known = load_known(folder / KNOWN) if about.out_of_fold else load_out_of_fold(folder / OUT_OF_FOLD).known
    return load_scores(folder, about), known


def _novelty(folder: Path, clusters: Clustering) -> NoveltyModel:
    path = folder / NOVELTY
    return load_novelty(path) if path.exists() else NoveltyModel.of_clusters(clusters)


def _cluster_models(folder: Path, about: BundleSummary) -> tuple[ClusterModel, ...]:
    @cache  # the largest, over all wafers, is a part of every cluster's score
    def model(name: str, place: str) -> FamilyModel:
        family = about.recipe.family(name)
        return family.load(folder / place / family.file)

    return tuple(
        ClusterModel(
            summary.family,
            tuple((share, model(summary.family, place)) for place, share in _parts(summary)),
            summary.calibration,
        )
        for summary in about.clusters
    )
