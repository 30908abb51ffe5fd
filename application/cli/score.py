"""The command `wafer score`: the verdicts of a file's wafers at once, without a run."""

import csv
import json
from codecs import BOM_UTF8
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from application.api.online import OnlineScores
from application.api.registry import LazyRegistry
from application.api.shapes.scores import MOST_WAFERS, ScoredWafer, ScoreRequest, Scores
from application.cli.batch_rows import lines_in
from application.cli.console import Json, console_of, listing, print_json, quiet_logs
from application.cli.options import (
    ContractOption,
    Policy,
    Schema,
    ThresholdOption,
    chosen_contract,
    contract_parameters,
)
from application.errors import RequestInvalid
from application.runs.run import read_by
from application.scoring.production import LoadedModels, Production
from application.scoring.reference import LatestScores
from wafer.contract import Contract
from wafer.settings import Settings
from wafer.store import open_store


def score(
    file: Annotated[Path, typer.Argument(help="A batch file (CSV), or JSON as POST /score takes it.", exists=True)],
    reasons: Annotated[bool, typer.Option("--reasons", help="Name the sensors that raised each score.")] = False,
    false_alarm_budget: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Another false-alarm budget than the model's own; 0 keeps its own.")
    ] = 0.0,
    threshold: ThresholdOption = None,
    contract: ContractOption = "",
    schema: Schema = "",
    policy: Policy = "",
    as_json: Json = False,
) -> None:
    """Judge up to 1,000 wafers at once by the version in production; nothing is stored."""
    quiet_logs()
    named = chosen_contract(contract, schema, policy)
    read = read_by(contract_parameters("predict", contract, schema, policy), "prediction")
    settings = Settings()
    registry = LazyRegistry(settings.tracking_uri, named.name)
    latest = LatestScores(open_store(settings.store_uri), named.name)
    online = OnlineScores(Production(registry, LoadedModels(registry), latest), lambda: read, settings.threshold)
    body = _body(file, read) | {"reasons": reasons, "threshold": threshold or ""}
    found = online.answer(_request(file, body | {"false_alarm_budget": false_alarm_budget or None}))
    if as_json:
        print_json(found.model_dump())
    else:
        _tell(found, reasons=reasons)


def _request(file: Path, body: dict[str, object]) -> ScoreRequest:
    try:
        return ScoreRequest.model_validate(body)
    except ValidationError as exc:
        first = exc.errors()[0]
        raise RequestInvalid(
            f"{file.name} cannot be judged: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        ) from exc


def _body(file: Path, contract: Contract) -> dict[str, object]:
    content = file.read_bytes()
    if content.removeprefix(BOM_UTF8).lstrip().startswith((b"{", b"[")):
        try:
            found = json.loads(content.decode("utf-8-sig", errors="replace"))
        except json.JSONDecodeError as exc:
            raise RequestInvalid(f"{file.name} is not JSON (line {exc.lineno}: {exc.msg}).") from exc
        return found if isinstance(found, dict) else {"wafers": found}
    return {"wafers": _rows(file, contract)}


def _rows(file: Path, contract: Contract) -> list[dict[str, object]]:
    """Each row of a batch file as a wafer."""
    columns, spellings = contract.policy.columns, contract.spellings()
    rows = csv.reader(filter(str.strip, lines_in(file, contract)), delimiter=contract.policy.text.separator)
    header = next(rows, [])
    known = [spellings.get(columns.key(name)) for name in header]
    id_at = known.index(contract.id_column) if contract.id_column in known else None
    if id_at is None:
        raise RequestInvalid(
            f"The header has no wafer id; it is called {contract.id_column!r} in the schema. `wafer predict` makes ids "
            "of other columns, or of file and row (`wafer_id_from`)."
        )
    wafers: list[dict[str, object]] = []
    for row in rows:
        if len(row) != len(header):
            raise RequestInvalid(f"Row {len(wafers) + 1} has {len(row)} fields, the header has {len(header)}.")
        if len(wafers) == MOST_WAFERS:
            raise RequestInvalid(f"The file has more than {MOST_WAFERS:,} wafers. Use `wafer predict` with its folder.")
        readings: dict[str, object] = {name: row[at] for at, name in enumerate(header) if at != id_at}
        wafers.append({"wafer": row[id_at], "readings": readings})
    return wafers


def _tell(found: Scores, *, reasons: bool) -> None:
    console = console_of(as_json=False)
    console.print(f"Version {found.model_version}. {found.threshold_note}", highlight=False)
    table = listing("wafer", "verdict", "probability", *(["sensors"] if reasons else []), "note")
    for wafer in found.wafers:
        table.add_row(wafer.wafer, wafer.verdict, f"{wafer.probability:.6g}", *_sensors(wafer, reasons), wafer.note)
    for refused in found.refused:
        table.add_row(refused.wafer, "refused", "", *([""] if reasons else []), f"{refused.code}: {refused.message}")
    console.print(table, markup=False)


def _sensors(wafer: ScoredWafer, wanted: bool) -> list[str]:
    return [", ".join(reason.sensor for reason in wafer.top_sensors)] if wanted else []
