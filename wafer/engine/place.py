"""The folder of the store that a task shares with the workers that do its units, who see nothing else of its files.

    given/<sha256>  a file that units read
    done/<key>/     what a unit left: its answer, and its files below the number of the folder that it wrote into

What a unit left is published: complete or invisible. Its key is a digest of the unit, of the work and all that the work
was given, and of the code, so a retried task finds there what it need not do again.
"""

import hashlib
import tempfile
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import FunctionType
from typing import Any, Generic, TypeVar, get_type_hints

from pydantic import TypeAdapter

from wafer.engine.content import content
from wafer.engine.given import Given
from wafer.engine.protocol import Unit, module_of
from wafer.files import sha256_of
from wafer.store import MARKER, fetch_files, files_below, layout, open_store, publish, read_marker

U = TypeVar("U", bound=Unit)
ANSWER = "answer.json"
_ANY: TypeAdapter[Any] = TypeAdapter(Any)  # writes whatever is plain data
TRANSFERS = 8  # files at once


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one task of one run, in the store at an address."""

    store: str
    run_id: str
    task: str

    def give(self, paths: Sequence[Path]) -> list[Given]:
        """Put files there that are not there yet."""
        there = {found.key for found in open_store(self.store).keys(f"{self.folder}/given")}
        with ThreadPoolExecutor(TRANSFERS) as pool:
            return list(pool.map(partial(self._give, there), paths))

    def done(self) -> set[str]:
        """Keys of all units that are done."""
        found = [item.key.split("/") for item in open_store(self.store).keys(f"{self.folder}/done")]
        return {parts[-2] for parts in found if parts[-1] == MARKER}

    def keep(self, key: str, folder: Path) -> None:
        """Publish what a unit left in a folder."""
        publish(open_store(self.store), self._left(key), files_below(folder), run_id=self.run_id)

    def take(self, key: str, folders: Sequence[Path]) -> bytes:
        """Bring a unit's files into the folders of the task, and return its answer."""
        store = open_store(self.store)
        files = dict(read_marker(store, self._left(key)).files)
        del files[ANSWER]
        parts = {name: name.partition("/") for name in files}
        places = {name: folders[int(number)] / rest for name, (number, _, rest) in parts.items()}
        fetch_files(store, self._left(key), {name: (places[name], file) for name, file in files.items()})
        return store.get(f"{self._left(key)}/{ANSWER}")

    def remove(self) -> None:
        """Remove everything: the task has succeeded."""
        open_store(self.store).delete_below(self.folder)

    def _give(self, there: Container[str], path: Path) -> Given:
        store, digest = open_store(self.store), sha256_of(path)
        key = f"{self.folder}/given/{digest}"
        if key not in there:
            store.upload(path, key)
        return Given(f"{store.uri}/{key}", digest)

    @property
    def folder(self) -> str:
        """Its name in the store."""
        return layout.units(self.run_id, self.task)

    def _left(self, key: str) -> str:
        return f"{self.folder}/done/{key}"


@dataclass(frozen=True, slots=True)
class Order(Generic[U]):
    """A unit and the key of what it will leave."""

    unit: U
    key: str

    @property
    def name(self) -> str:
        """The unit's."""
        return self.unit.name


def order(work: Callable[..., object], unit: U) -> Order[U]:
    """The order to do a unit; it and all that the work is given are plain data and functions of modules."""
    what = [content(module_of(work).partition(".")[0]), work, unit]
    return Order(unit, hashlib.sha256(_ANY.dump_json(what, fallback=_written)).hexdigest()[:32])


def _written(value: object) -> object:
    """As what pydantic knows: a function by its name, with what is filled in, or a range. Anything else is refused."""
    if isinstance(value, partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, range):
        return [value.start, value.stop, value.step]
    if isinstance(value, FunctionType):
        return f"{value.__module__}.{value.__qualname__}"
    raise TypeError(f"{value!r} cannot be part of a unit of work: it is neither plain data nor a function.")


def do(ordered: Order[U], work: Callable[..., object], place: Place, folders: int) -> None:
    """Do a unit in folders of this machine, so many, and leave what it wrote and answered at the place."""
    with tempfile.TemporaryDirectory(prefix="unit-") as scratch:
        own = [Path(scratch) / str(number) for number in range(folders)]
        for folder in own:
            folder.mkdir()
        answer = work(ordered.unit, *own)
        (Path(scratch) / ANSWER).write_bytes(answers(work).dump_json(answer))
        place.keep(ordered.key, Path(scratch))


def answers(work: Callable[..., object]) -> TypeAdapter[Any]:
    """Writes and reads what work returns, by the type that it says it does."""
    while isinstance(work, partial):
        work = work.func
    return _adapter(work)


@cache
def _adapter(work: Callable[..., object]) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(work)["return"])
