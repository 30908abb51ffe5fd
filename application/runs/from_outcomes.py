"""What a training that grows from outcomes reads beside its own source."""

from application.runs.run import Parameters, read_by
from wafer.documents import open_documents
from wafer.outcomes.batches import LabelledBatches, labelled_batches
from wafer.store import Store, list_batches

PARAMETER = "outcomes"  # of the training DAG


def batches_from_outcomes(store: Store, documents_uri: str, source: str, parameters: Parameters) -> LabelledBatches:
    """Write the labelled batches that a training over `source` reads too; those written before are used again.

    Raises what `labelled_batches` does, and SourceNotFound.
    """
    contract = read_by(parameters, "training")
    own = [batch.name for batch in list_batches(source)]
    with open_documents(documents_uri) as documents:
        return labelled_batches(store, documents, contract, own)
