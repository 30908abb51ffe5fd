"""A contract drafted from samples of unknown exports."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from wafer.contract.columns import loosely
from wafer.contract.draft.draft import Draft
from wafer.contract.draft.names import name_form
from wafer.contract.draft.nothing import no_tables
from wafer.contract.draft.outcomes import NO_HINT, Hint
from wafer.contract.draft.outcomes_table import joined_outcomes
from wafer.contract.draft.roles import Roles, roles_of
from wafer.contract.draft.samples import Excerpt, take_sample
from wafer.contract.draft.writing import drafted_policy, drafted_schema
from wafer.errors import SourceEmpty

AtHand = Callable[[], Path]
_SAMPLED = 12
_ALIKE = 0.5
_NO_TABLES = frozenset({".json", ".yaml", ".yml", ".md", ".html", ".pdf", ".png", ".py", ".parquet"})


def draft_contract(files: Mapping[str, AtHand], hint: Hint = NO_HINT) -> Draft:
    """Look at a few of the files, by name with what brings each to this machine, and say what contract they follow.

    `hint` is what a person knows of the outcome.
    Raises SourceEmpty where none of them is a table, ContractInvalid where the tables have no sensor.
    """
    taken = {name: take_sample(files[name](), name) for name in _some(files)}
    samples = [sample for sample in taken.values() if sample]
    if not samples:
        raise SourceEmpty(no_tables({name: bring() for name, bring in list(files.items())[:_SAMPLED]}))
    group = _alike(samples)
    main = _of_one_form(group)
    alike = [sample.name for sample in group]
    others = tuple(name for name in taken if name not in alike)
    names = name_form(alike)
    roles = roles_of(main, hint)
    separate = (
        joined_outcomes(main, [sample for sample in samples if sample.name in others]) if not roles.outcome else None
    )
    if separate:
        roles = replace(roles, outcome=separate.outcome, outcomes_table=separate.table)
        others = tuple(name for name in others if name not in separate.names)
    return Draft(
        training=drafted_schema(roles, names, alike[0], labelled=True),
        prediction=drafted_schema(roles, names, alike[0], labelled=False),
        policy=drafted_policy(roles, names),
        guesses=tuple(roles.guesses()),
        unsure=(*roles.doubts(), *names.doubts, *_of_sheets(group), *_of_forms(group, roles), *_of_others(others)),
        labelled=tuple(sample.name for sample in group if roles.has_outcome(sample)),
        unlabelled=tuple(sample.name for sample in group if not roles.has_outcome(sample)),
        others=others,
        tables=separate.names if separate else (),
    )


def _some(files: Iterable[str]) -> list[str]:
    """A few names, spread over all of them."""
    names = sorted(name for name in files if Path(name).suffix.lower() not in _NO_TABLES and name[0] not in "._")
    step = max(1, len(names) / _SAMPLED)
    return [names[int(n * step)] for n in range(min(len(names), _SAMPLED))]


def _alike(samples: Sequence[Excerpt]) -> list[Excerpt]:
    """The largest group of files that share most columns."""
    columns = [_columns(sample) for sample in samples]
    groups = [[n for n, other in enumerate(columns) if _share(mine, other) >= _ALIKE] for mine in columns]
    best = max(groups, key=lambda group: sum(samples[n].width for n in group))
    return [samples[n] for n in best]


def _of_one_form(samples: Sequence[Excerpt]) -> list[Excerpt]:
    """The files that are written as most are: one policy reads one form."""
    forms = [
        (each.text.delimiter, each.text.compression, each.text.workbook, each.text.sheet, each.text.header)
        for each in samples
    ]
    (most, _), *_ = Counter(forms).most_common(1)
    return [sample for sample, form in zip(samples, forms, strict=True) if form == most]


def _columns(sample: Excerpt) -> frozenset[str]:
    if not sample.header:
        return frozenset(f"\0{at}" for at in range(sample.width))
    return frozenset(map(loosely, sample.header))


def _share(one: frozenset[str], two: frozenset[str]) -> float:
    return len(one & two) / len(one | two)


def _of_forms(main: Sequence[Excerpt], roles: Roles) -> Iterator[str]:
    """Files that are written in another form than most."""
    for sample in main:
        if roles.with_its_signs(sample.text) != roles.text:
            yield f"`{sample.name}` is written in another form than most files: one policy reads one form."


def _of_sheets(main: Sequence[Excerpt]) -> Iterator[str]:
    """Sheets of a workbook that nobody reads."""
    for sample in [sample for sample in main if sample.other_sheets][:1]:
        listed = ", ".join(f"`{name}`" for name in sample.other_sheets)
        read = f"`{sample.text.sheet}`" if sample.text.sheet else "the first one"
        yield f"`{sample.name}` has other sheets, {listed}: only {read} is read (`text: {{sheet: …}}` names another)."


def _of_others(names: Sequence[str]) -> Iterator[str]:
    if names:
        listed = ", ".join(f"`{name}`" for name in names)
        yield f"Not looked at as batches, for they are another kind of file: {listed}."
