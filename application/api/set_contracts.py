"""Which contract a batch set was uploaded under, so that a run over it needs no one to say it again."""

import json

from application.errors import UploadConflict
from wafer.contract import Contracts
from wafer.errors import ObjectNotFound, PublishConflict
from wafer.runs import Pipeline
from wafer.store import Store, layout
from wafer.store.layout import RAW


class SetContracts:
    """The contracts of batch sets; one that was uploaded under none is of whatever contract a run names."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._contracts = Contracts(store)

    def keep(self, pipeline: Pipeline, batch_set: str, contract: str) -> None:
        """Remember what the first upload into a set held.

        Raises `ContractNotFound`, and `UploadConflict` for a set of another contract.
        """
        self._contracts.get(contract)
        key = layout.contract_of_set(pipeline, batch_set)
        try:
            self._store.put(key, json.dumps({"contract": contract}).encode(), only_if_absent=True)
        except PublishConflict as error:
            if (kept := self.of(layout.batch_set(pipeline, batch_set))) != contract:
                raise UploadConflict(
                    f"The batch set {batch_set} is of the contract {kept!r}. Choose that one, or another batch set."
                ) from error

    def of(self, source: str) -> str:
        """The contract that a set of this name was uploaded under; empty for any other source."""
        folder, _, batch_set = source.rstrip("/").rpartition("/")
        pipeline = next((each for each, raw in RAW.items() if raw == folder), None)
        if not pipeline:
            return ""
        try:
            return str(json.loads(self._store.get(layout.contract_of_set(pipeline, batch_set)))["contract"])
        except ObjectNotFound:
            return ""
