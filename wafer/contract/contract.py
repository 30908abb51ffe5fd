"""The data contract: what a batch file of one kind must look like, by the field's schema and the policy next to it."""

from dataclasses import dataclass, replace

from wafer.built_in import BUILT_IN
from wafer.contract.file_name import FileName
from wafer.contract.policy import Policy
from wafer.contract.schema import Kind
from wafer.wafers.names import without_blanks


@dataclass(frozen=True, slots=True)
class Contract:
    """What a batch file of one kind must look like.

    `sensors` and `label` are spelled as in the schema; `label` is None for files to predict. `others` are columns of
    text that a file may have and nobody reads; `context` are columns that stay with the wafer, and no model sees. A
    file of outcomes is one to train on, or has the wafer and its outcome alone (`without_readings`). `digest` is the
    sha256 over the canonical form of schema and policy; `name` is that of the line, whose model is its own.
    """

    kind: Kind
    id_column: str
    sensors: tuple[str, ...]
    label: str | None
    file_name: FileName
    policy: Policy
    digest: str
    others: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    name: str = BUILT_IN

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in schema order."""
        return (self.id_column, *self.sensors, *([self.label] if self.label else []))

    @property
    def accepted_columns(self) -> tuple[str, ...]:
        """The columns of accepted rows."""
        return (self.id_column, *self.context, *self.columns[1:])

    @property
    def silent_sensors_allowed(self) -> int:
        """How many sensors may be without any value in one file."""
        return int(self.policy.silent_sensors * len(self.sensors) + 1e-9)

    @property
    def without_readings(self) -> "Contract":
        """The same for files that say nothing but what each wafer turned out to be."""
        return replace(self, sensors=())

    def spellings(self) -> dict[str, str]:
        """The key of every accepted spelling of a column, and the schema's name it stands for."""
        columns = self.policy.columns
        claims = columns.claims(self.id_column, self.sensors, self.label)
        return {columns.key(spelling): name for spelling, name in claims}

    def other_spellings(self) -> dict[str, tuple[str, ...]]:
        """The id column, then each sensor that a file may name otherwise; what differs in blanks alone is left out."""
        columns = self.policy.columns
        found: dict[str, list[str]] = {self.id_column: []}
        for spelling, name in columns.claims(self.id_column, self.sensors, None):
            if spelling and without_blanks(spelling) != without_blanks(name):
                found.setdefault(name, []).append(spelling)
        return {name: tuple(dict.fromkeys(spellings)) for name, spellings in found.items()}

    def ignores(self, name: str) -> bool:
        """Whether a column that is no part of the contract may stand in a file."""
        columns = self.policy.columns
        known = {columns.key(other) for other in (*self.others, *columns.context)}
        return columns.ignores(name) or columns.key(name) in known or self.leaves_out(name)

    def leaves_out(self, name: str) -> bool:
        """Whether a column is the outcome in a file to predict: labelled batches can be predicted as they are."""
        columns = self.policy.columns
        return self.kind == "prediction" and columns.key(name) in map(columns.key, columns.label)
