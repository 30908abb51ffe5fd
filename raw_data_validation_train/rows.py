"""The rows of one block, judged: what the fast path and the row parser both return."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from raw_data_validation_train.verdicts import BadRow


@dataclass(frozen=True, slots=True)
class Rows:
    """Good rows and bad ones.

    `table` holds the good rows as they are accepted (under a wrong header it has none); `readings` is
    (good rows, sensors) with NaN for missing, `lines` the good rows' line numbers; `has_value` says of every measured
    column whether any row of the right length has a value in it.
    """

    rows_in: int
    table: pa.RecordBatch
    ids: list[str]
    readings: NDArray[np.float64]
    labels: NDArray[np.int64] | None
    lines: NDArray[np.uint32]
    has_value: NDArray[np.bool_]
    bad: list[BadRow] = field(default_factory=list)
