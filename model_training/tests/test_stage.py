"""Training by path: same input, same bytes; parts that fit together into a bundle; figures that hold."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from model_training.stage import TrainedCluster, fit_global_models, train_cluster
from wafer.engine import Engine, Inline
from wafer.engine.processes import Processes
from wafer.errors import BundleRejected
from wafer.model.assembly import CLUSTERS, OUT_OF_FOLD, assemble_bundle
from wafer.model.clusters import Clustering
from wafer.model.files import read_json
from wafer.model.recipe import Recipe
from wafer.model.scoring import ModelBundle
from wafer.progress import Progress, listening
from wafer.wafers.arrays import read_wafers

Make = Callable[..., Path]
TRAINING = "training.parquet"


def _train(before: Path, out: Path, recipe: Recipe, engine: Engine | None = None) -> list[TrainedCluster]:
    fit_global_models(before / TRAINING, before / "preprocessor", out / "global", recipe, engine)
    count = read_json(before / "clusters" / CLUSTERS, Clustering).k
    return [
        train_cluster(
            number,
            before / TRAINING,
            before / "preprocessor",
            before / "clusters",
            out / "global",
            out / f"cluster-{number}",
            out / f"cluster-{number}.html",
            engine,
        )
        for number in range(count)
    ]


def _assemble(before: Path, out: Path, count: int) -> ModelBundle:
    return assemble_bundle(
        preprocessor_dir=before / "preprocessor",
        cluster_model_dir=before / "clusters",
        global_dir=out / "global",
        cluster_dirs=[out / f"cluster-{number}" for number in range(count)],
        out=out / "bundle",
    )


def _bytes_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def trained(
    make_export: Make, prepare: Make, quick: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[TrainedCluster]]:
    folder = tmp_path_factory.mktemp("trained")
    export = make_export(folder / "export")
    return folder, _train(prepare(export, folder), folder, quick)


@pytest.mark.slow  # every fit several times
def test_neither_cores_nor_row_order_change_a_byte(
    trained: tuple[Path, list[TrainedCluster]], make_export: Make, prepare: Make, quick: Recipe, tmp_path: Path
) -> None:
    folder, _ = trained
    export = make_export(tmp_path / "export", order=3)

    _train(prepare(export, tmp_path), tmp_path, quick, Inline(2))

    first, second = _bytes_below(folder), _bytes_below(tmp_path)
    made = {name for name in second if not name.startswith("export/")}
    assert {name for name in made if first[name] != second[name]} == set()
    assert made == {name for name in first if not name.startswith(("export/", "bundle/"))}


def test_a_stage_run_again_leaves_the_same_folder(trained: tuple[Path, list[TrainedCluster]], quick: Recipe) -> None:
    folder, _ = trained
    before = _bytes_below(folder / "global")
    (folder / "global" / "half written").write_text("a killed run")

    fit_global_models(folder / TRAINING, folder / "preprocessor", folder / "global", quick)

    assert _bytes_below(folder / "global") == before


@pytest.mark.slow  # two interpreters with XGBoost
@pytest.mark.parametrize("engine", [lambda: Inline(2), lambda: Processes(2)], ids=["threads", "processes"])
def test_fits_tell_how_far_they_have_come_wherever_they_run(
    engine: Callable[[], Engine], trained: tuple[Path, list[TrainedCluster]], quick: Recipe, tmp_path: Path
) -> None:
    folder, _ = trained
    told: list[Progress] = []

    with engine() as doing, listening(told.append):
        fit_global_models(folder / TRAINING, folder / "preprocessor", tmp_path / "global", quick, doing)

    fits = [each for each in told if each.what == "steps of the fits"]
    assert len(fits) > 3
    assert fits[-1].done == fits[-1].of
    assert all(earlier.done <= later.done for earlier, later in pairwise(fits))


def test_the_parts_fit_together_into_a_bundle_that_finds_the_failures(
    trained: tuple[Path, list[TrainedCluster]],
) -> None:
    folder, clusters = trained

    bundle = _assemble(folder, folder, len(clusters))

    wafers = read_wafers(folder / "export")
    assert len(clusters) == 2
    assert len(bundle.out_of_fold.failed) == len(wafers)
    assert bundle.learned_from(bundle.keys(wafers)).all()
    assert bundle.out_of_fold.quality(0.1).auc > 0.75
    scores = bundle.score(wafers)
    assert wafers.failed is not None
    assert scores.probability[wafers.failed].mean() > scores.probability[~wafers.failed].mean()
    assert [summary.wafers for summary in bundle.about.clusters] == np.bincount(scores.cluster).tolist()


def test_the_figures_of_a_cluster_are_those_of_its_out_of_fold_rows(
    trained: tuple[Path, list[TrainedCluster]],
) -> None:
    folder, clusters = trained

    for each in clusters:
        rows = pq.read_table(folder / f"cluster-{each.cluster}" / OUT_OF_FOLD)
        figures = each.figures[each.family]
        flagged = rows["probability"].to_numpy() >= each.threshold
        failed = rows["failed"].to_numpy(zero_copy_only=False)
        assert figures.confusion == [
            [int((~flagged & ~failed).sum()), int((flagged & ~failed).sum())],
            [int((~flagged & failed).sum()), int((flagged & failed).sum())],
        ]
        assert figures.quality.false_alarm_rate <= 0.1
        assert np.isfinite(figures.roc_threshold).all()
        assert (figures.false_alarm_rate[-1], figures.recall[-1]) == (1.0, 1.0)


def test_the_page_of_a_cluster_shows_both_families(trained: tuple[Path, list[TrainedCluster]]) -> None:
    page = (trained[0] / "cluster-1.html").read_text()

    assert "Random forest" in page
    assert "XGBoost" in page
    assert page.count("<img") == 2


def test_a_single_cluster_is_served_by_the_global_models(
    make_export: Make, prepare: Make, quick: Recipe, tmp_path: Path
) -> None:
    export = make_export(tmp_path / "export", groups=1, size=60)

    clusters = _train(prepare(export, tmp_path), tmp_path, quick)

    bundle = _assemble(tmp_path, tmp_path, 1)
    assert [each.wafers for each in clusters] == [60]
    assert [share for share, _ in bundle.cluster_models[0].models] == [1.0]
    assert not list((tmp_path / "cluster-0").glob("*.ubj"))


def test_global_models_of_other_wafers_are_refused(
    trained: tuple[Path, list[TrainedCluster]], make_export: Make, prepare: Make, tmp_path: Path
) -> None:
    folder, _ = trained
    other = prepare(make_export(tmp_path / "export", seed=9), tmp_path)

    with pytest.raises(BundleRejected, match="other wafers"):
        train_cluster(
            0,
            other / TRAINING,
            folder / "preprocessor",
            folder / "clusters",
            folder / "global",
            tmp_path / "out",
            tmp_path / "page.html",
        )
