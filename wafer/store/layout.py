"""Every place in the store, and the names of the files that lie there; no other module spells one.

    raw/train/<set>/             labelled batches, as they were dropped
    raw/predict/<set>/           batches to predict
    raw/outcomes/<set>/          files that say what wafers turned out to be
    quarantine/<run>/            what the contract refused, with manifest and report
    training/<run>/              what a training publishes
    predictions/<run>/           what a prediction publishes
    outcomes/<run>/              what wafers turned out to be, next to what was predicted of them
    contracts/<name>/in_use.json which version of a named contract new runs take
    contracts/<name>/<digest>/   a version of it: two schemas and a policy
    contracts/_sets/…            the contract that a batch set was uploaded under
    dispositions/<run>/<n>.json  the first n dispositions that people gave wafers of a prediction
    pipelines/<route>.yaml       the compiled package of a route
    backups/<name>/<time>.…      copies of databases that are not ours (Kubeflow's)
    units/<run>/<task>/          what a task shares with the workers that do its units; removed when it has succeeded
    kfp/<run>/stages/<task>.json the record that a task leaves of itself
    kfp/<run>/outcome.json       how the run ended
    kfp/<run>/reference-…        the scores that a prediction ranks its own among
    recent/<model>/…             scores of the latest predictions by a model, one object a run; those of a named
                                 contract are in recent/<name>/<model>/
    kfp/…                        Kubeflow's own artifacts

The folders of `quarantine`, `training`, `predictions` and `outcomes` and the versions of contracts are published:
complete or invisible (`published.py`).
"""

import re
from typing import Literal

Pipeline = Literal["train", "predict", "outcomes"]

RAW: dict[Pipeline, str] = {"train": "raw/train", "predict": "raw/predict", "outcomes": "raw/outcomes"}
PUBLISHED: dict[Pipeline, str] = {"train": "training", "predict": "predictions", "outcomes": "outcomes"}
PACKAGES, ARTIFACTS, CONTRACTS, DISPOSITIONS = "pipelines", "kfp", "contracts", "dispositions"

MARKER = "_SUCCESS.json"
MANIFEST, VALIDATION_REPORT, REPORT = "manifest.json", "validation.html", "report.html"
INPUT_FILE = "InputFile.csv"  # the wafers that a run read, as the documents hold them
DECISION, MODEL_CARD, MODEL_CARD_PAGE = "decision.json", "model_card.md", "model_card.html"
THRESHOLD = "threshold.json"  # both thresholds of a prediction, and which one its verdicts follow
CONTEXT = "context"  # key of the metadata of predictions: which columns are the line's own
CONTRACT = "contract"  # the same: name of the contract, if it is not the built-in one
PREDICTIONS, PREDICTIONS_CSV, DRIFT = "predictions.parquet", "predictions.csv", "drift.json"
DOCUMENTS = "documents.parquet"  # `_id` of each row's document, in the order of the predictions
READINGS = "readings.parquet"  # of the wafers of a prediction, in row groups: one sensor is read without the others
OUTCOMES, OUTCOMES_CSV = "outcomes.parquet", "outcomes.csv"  # every good row, and what became of it
MATCHED = "matched.parquet"  # every prediction of those wafers, and its outcome
SHADOW = "shadow.parquet"  # what the version that waits for a person says of the same wafers, where one waits
CONTRACT_DIGITS = 16  # of the digest of a contract's version
_OF_CONTRACT = re.compile(rf"(?:.*/)?{CONTRACTS}/([^/]+)/([0-9a-f]{{{CONTRACT_DIGITS}}})/[^/]+")
# In the quarantine they lie next to refused files, whose names all end in .csv.
QUARANTINE_MANIFEST, QUARANTINE_REPORT = "_manifest.json", "_report.html"

# What the command line and the service name of each published folder, by the word that they use for it.
OUTPUTS: dict[Pipeline, dict[str, str]] = {
    "train": {"manifest": MANIFEST, "report": REPORT, "decision": DECISION},
    "predict": {"manifest": MANIFEST, "predictions": PREDICTIONS_CSV, "report": REPORT},
    "outcomes": {"manifest": MANIFEST, "outcomes": OUTCOMES_CSV, "report": REPORT},
}
REFUSED = {"manifest": QUARANTINE_MANIFEST, "report": QUARANTINE_REPORT}


def batch_set(pipeline: Pipeline, name: str) -> str:
    """Folder of a named set of batches."""
    return f"{RAW[pipeline]}/{name}"


def quarantine(run_id: str) -> str:
    """Folder of what the contract refused in a run."""
    return f"quarantine/{run_id}"


def published(pipeline: Pipeline, run_id: str) -> str:
    """Folder that a run publishes."""
    return f"{PUBLISHED[pipeline]}/{run_id}"


def decision(run_id: str) -> str:
    """Key of a training's promotion decision."""
    return f"{published('train', run_id)}/{DECISION}"


def dispositions(run_id: str, number: int) -> str:
    """Key of the first `number` dispositions of a prediction's wafers."""
    return f"{DISPOSITIONS}/{run_id}/{number:06d}.json"


def contract_version(name: str, digest: str) -> str:
    """Folder of a version of a named contract."""
    return f"{CONTRACTS}/{name}/{digest}"


def contract_owner(address: str) -> str | None:
    """Name of the contract that a file at an address is part of; None for any other file."""
    found = _OF_CONTRACT.fullmatch(address)
    return found[1] if found else None


def contract_digest(address: str) -> str:
    """Digest of the version that a file at an address is part of; empty for any other file."""
    found = _OF_CONTRACT.fullmatch(address)
    return found[2] if found else ""


def contract_in_use(name: str) -> str:
    """Key of what says which version of a named contract new runs take."""
    return f"{CONTRACTS}/{name}/in_use.json"


def contract_of_set(pipeline: Pipeline, name: str) -> str:
    """Key of what says under which contract a batch set was uploaded."""
    return f"{CONTRACTS}/_sets/{pipeline}/{name}.json"


def package(pipeline: Pipeline) -> str:
    """Key of a route's compiled package."""
    return f"{PACKAGES}/{pipeline}.yaml"


def backup(name: str, file: str) -> str:
    """Key of a copy of a database."""
    return f"backups/{name}/{file}"


def records(run_id: str) -> str:
    """Folder of what a run's tasks leave for one another and for those who follow it."""
    return f"{ARTIFACTS}/{run_id}"


def stage_records(run_id: str) -> str:
    """Folder of the records that a run's tasks leave."""
    return f"{records(run_id)}/stages"


def stage_record(run_id: str, task: str) -> str:
    """Key of a task's record."""
    return f"{stage_records(run_id)}/{task}.json"


def units(run_id: str, task: str) -> str:
    """Folder that a task shares with workers."""
    return f"units/{run_id}/{task}"


def reference(run_id: str, digest: str) -> str:
    """Key of the scores that a prediction by the model of this digest ranks its own among."""
    return f"{ARTIFACTS}/{run_id}/reference-{digest[:16]}.json"


def recent_scores(digest: str, contract: str = "") -> str:
    """Folder of the scores of the latest predictions by the model of this digest, under a named contract."""
    return f"recent/{contract}/{digest}" if contract else f"recent/{digest}"


def outcome(run_id: str) -> str:
    """Key of a run's outcome."""
    return f"{ARTIFACTS}/{run_id}/outcome.json"
