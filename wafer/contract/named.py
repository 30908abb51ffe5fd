"""The named contracts of an installation: several lines side by side, each with its schemas, its policy and its model.

A version of a contract is published under the digest of its three files, so it never changes: whoever changes a
contract makes another version, which new runs take, and a run keeps the one that it began with.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from wafer.built_in import BUILT_IN
from wafer.contract.contract import Contract
from wafer.contract.loading import FILES, POLICY, SCHEMAS, contract_of, load_contract, shipped
from wafer.contract.schema import Kind
from wafer.errors import ContractInvalid, ContractNotFound, ObjectNotFound
from wafer.store import Store, layout, publish

NAME = r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
_DIGITS = layout.CONTRACT_DIGITS  # of a digest, in the address of a version
_RESERVED = re.compile(r"(?:.*-)?production")  # the model's log of promotions has such a name


@dataclass(frozen=True, slots=True)
class ContractFiles:
    """The texts of a contract: the schemas (JSON) of files to train on and to predict, and the policy (YAML)."""

    training: str
    prediction: str
    policy: str

    @classmethod
    def of(cls, training: str = "", prediction: str = "", policy: str = "") -> "ContractFiles":
        """Texts as they are given; an empty one is the one shipped here."""
        return cls(
            training or shipped(SCHEMAS["training"]),
            prediction or shipped(SCHEMAS["prediction"]),
            policy or shipped(POLICY),
        )

    @property
    def digest(self) -> str:
        """What a version is known by."""
        text = json.dumps([self.training, self.prediction, self.policy])
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]

    def by_name(self) -> Mapping[str, str]:
        """Each text by the name of its file."""
        return {SCHEMAS["training"]: self.training, SCHEMAS["prediction"]: self.prediction, POLICY: self.policy}

    def check(self) -> None:
        """Raise ContractInvalid unless both schemas can be used, and are about the same sensors."""
        training = contract_of("training", self.training, self.policy)
        prediction = contract_of("prediction", self.prediction, self.policy)
        contract_of("outcomes", self.training, self.policy)
        if differing := {*training.sensors} ^ {*prediction.sensors}:
            raise ContractInvalid(
                f"The two schemas name different sensors: {len(differing)} are in one of them alone, for example "
                f"{min(differing)!r}. Give both schemas of one line."
            )


@dataclass(frozen=True, slots=True)
class NamedContract:
    """A version of a contract. `folder` is where its files lie, empty for the built-in; `at` is ISO 8601 in UTC."""

    name: str
    digest: str
    folder: str = ""
    by: str = ""
    at: str = ""

    @property
    def built_in(self) -> bool:
        """Whether it is the one shipped here."""
        return self.name == BUILT_IN

    def files(self, kind: Kind) -> dict[str, str]:
        """Address of the schema and the policy for files of a kind, by the names of a pipeline's parameters."""
        if self.built_in:
            return {}
        return {"schema": f"{self.folder}/{SCHEMAS[kind]}", "policy": f"{self.folder}/{POLICY}"}

    def load(self, kind: Kind) -> Contract:
        """What files of a kind must look like."""
        return load_contract(kind, **self.files(kind), name=self.name)


class Contracts:
    """The named contracts of a store. Every method raises `StoreUnavailable` when that does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, name: str, files: ContractFiles, by: str = "") -> NamedContract:
        """Let new runs under this name take these files. Raises ContractInvalid."""
        check_name(name)
        files.check()
        folder = layout.contract_version(name, files.digest)
        contents = {file: text.encode() for file, text in files.by_name().items()}
        publish(self._store, folder, contents, run_id=f"{name}-{files.digest}")
        added = {"digest": files.digest, "by": by, "at": datetime.now(UTC).isoformat(timespec="seconds")}
        self._store.put(layout.contract_in_use(name), json.dumps(added).encode())
        return self.get(name)

    def get(self, name: str) -> NamedContract:
        """The version that new runs take. Raises ContractNotFound."""
        if name == BUILT_IN:
            return NamedContract(BUILT_IN, ContractFiles.of().digest)
        try:
            check_name(name)
            found = json.loads(self._store.get(layout.contract_in_use(name)))
        except (ContractInvalid, ObjectNotFound) as exc:
            raise ContractNotFound(
                f"There is no contract {name[:60]!r} here. There are {', '.join(self._names())}; "
                "`wafer contract add NAME DIR` adds one."
            ) from exc
        folder = f"{self._store.uri}/{layout.contract_version(name, found['digest'])}"
        return NamedContract(name, found["digest"], folder, found["by"], found["at"])

    def all(self) -> list[NamedContract]:
        """Every contract that new runs can take: the built-in one, then the others by name."""
        return [self.get(name) for name in self._names()]

    def texts(self, contract: NamedContract) -> ContractFiles:
        """The texts of a version."""
        if contract.built_in:
            return ContractFiles.of()
        folder = layout.contract_version(contract.name, contract.digest)
        names = FILES
        return ContractFiles(*(self._store.get(f"{folder}/{name}").decode() for name in names))

    def remove(self, name: str) -> None:
        """Let no new run take the contract; its versions stay for the runs that have them. Raises ContractNotFound."""
        if name == BUILT_IN:
            raise ContractInvalid(f"The contract {BUILT_IN!r} is part of the product and cannot be removed.")
        self.get(name)
        self._store.delete(layout.contract_in_use(name))

    def _names(self) -> list[str]:
        keys = (each.key.split("/") for each in self._store.keys(layout.CONTRACTS))
        names = [parts[1] for parts in keys if "/".join(parts) == layout.contract_in_use(parts[1])]
        return [BUILT_IN, *names]


def check_name(name: str) -> None:
    """Raise ContractInvalid unless a contract of this name can be added."""
    if name == BUILT_IN:
        raise ContractInvalid(f"{BUILT_IN!r} is the built-in contract, which does not change. Give another name.")
    if not re.fullmatch(NAME, name) or _RESERVED.fullmatch(name):
        raise ContractInvalid(
            f"{name[:60]!r} cannot name a contract: a name has up to 40 of a-z 0-9 -, begins and ends with a letter or "
            "digit, and does not end in 'production'."
        )
