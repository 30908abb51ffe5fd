"""Wafers that stand in a drop more than once, taken out of the accepted files and into the quarantine."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from raw_data_validation_train.accepted import take_out, wafers_at
from raw_data_validation_train.duplicates import Repeats
from raw_data_validation_train.inspection import Inspection
from raw_data_validation_train.lines import lines_at
from raw_data_validation_train.quarantine import Quarantine
from raw_data_validation_train.reading import no_good_rows
from raw_data_validation_train.verdicts import BadRow, FileVerdict, Finding, RowCode
from wafer.contract import Contract

_WHICH = "the drop holds different readings of this wafer, see"
_CURE = "which are right? With `second_measurement: keep_later` in the policy the later ones are kept"


def without_repeats(
    inspection: Inspection,
    repeats: Repeats,
    names: Sequence[str],
    *,
    source: Path,
    accepted: Path,
    quarantine: Quarantine,
    contract: Contract,
) -> FileVerdict:
    """Move repeated wafers of one good file to the quarantine; a file that keeps none is refused.

    `names` are the names of all files, `source` is the file as it came, `accepted` its good rows.
    """
    verdict = inspection.verdict
    lines = [int(line) for line in inspection.rows.lines[repeats.rows]]
    wafers = wafers_at(accepted, repeats.rows)
    raw = lines_at(source, lines, contract.policy.limits, contract.policy.text)
    later = contract.policy.second_measurement == "keep_later"
    quarantine.add_rows(verdict.name, _bad_rows(zip(lines, wafers, raw, strict=True), repeats, names, later=later))
    left = take_out(accepted, repeats.rows)
    verdict = replace(verdict, rows_good=left, row_codes=_counted(verdict, repeats))
    if left:
        return verdict
    quarantine.keep_file(source, verdict.name)
    return replace(verdict, findings=(_nothing_left(verdict, repeats, names),))


def _counted(verdict: FileVerdict, repeats: Repeats) -> tuple[tuple[RowCode, int], ...]:
    codes = Counter(dict(verdict.row_codes))
    codes[RowCode.CONFLICTING_WAFER] += int(repeats.conflicting.sum())
    codes[RowCode.DUPLICATE_WAFER] += int((~repeats.conflicting).sum())
    return tuple((code, codes[code]) for code in RowCode if codes[code])


def _nothing_left(verdict: FileVerdict, repeats: Repeats, names: Sequence[str]) -> Finding:
    finding = no_good_rows(verdict.rows_in, verdict.row_codes)
    others = set(repeats.other_file)
    if len(others) > 1 or repeats.conflicting.any() or len(repeats.rows) < verdict.rows_in:
        return finding
    return finding._replace(message=f"{finding.message} They all stand in `{names[others.pop()]}` already.")


def _bad_rows(
    rows: Iterator[tuple[int, str, str]], repeats: Repeats, names: Sequence[str], *, later: bool
) -> Iterator[BadRow]:
    for n, (line, wafer, raw) in enumerate(rows):
        place = f"{names[repeats.other_file[n]]}, line {repeats.other_line[n]}"
        if repeats.conflicting[n]:
            message = f"measured again in {place}, which is kept" if later else f"{_WHICH} {place}; {_CURE}"
            yield BadRow(line, wafer, RowCode.CONFLICTING_WAFER, message, raw)
        else:
            message = f"same readings as {place}, which is kept"
            yield BadRow(line, wafer, RowCode.DUPLICATE_WAFER, message, raw)
