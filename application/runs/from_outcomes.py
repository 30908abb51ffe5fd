"""What a training that grows from outcomes reads besides its own source."""

from typing import TYPE_CHECKING

from application.runs.run import Parameters, read_by
from wafer.store import Store, list_batches

if TYPE_CHECKING:
    from wafer.outcomes.batches import LabelledBatches

PARAMETER = "outcomes"  # of the training DAG


def batches_from_outcomes(store: Store, documents_uri: str, source: str, parameters: Parameters) -> "LabelledBatches":
    """Write the labelled batches that a training over `source` reads too; those written before are used again.

    Raises what `labelled_batches` does, and SourceNotFound.
    """
    from wafer.documents import open_documents  # with pyarrow 0.2 s of a start
    from wafer.outcomes.batches import labelled_batches

    contract = read_by(parameters, "training")
    own = [batch.name for batch in list_batches(source)]
    with open_documents(documents_uri) as documents:
        return labelled_batches(store, documents, contract, own)
