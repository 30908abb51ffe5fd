"""What comes into production, and its log (`promotion_log.py`).

The log is kept as the versions of a second registered model, `<model>-production`: adding a version is the one
thing that MLflow numbers in one step. The alias `production` follows the log.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import uuid4

from mlflow.entities.model_registry import ModelVersion as MlflowVersion

from wafer.errors import ModelNotFound, NotWaiting, ProductionChanged
from wafer.registry.patience import persistently
from wafer.registry.promotion_log import Promotion, in_force, last_number, versions_in_order
from wafer.registry.protocol import PRODUCTION, UNSIGNED, ByHand, Declined, ModelVersion
from wafer.registry.versions import DECLINED_TAG, Versions


class Promotions(Versions):
    """The log of promotions, and the alias that follows it."""

    def history(self) -> list[int]:
        """Versions in the order in which they came into production; what was rolled back is left out."""
        with self._reported():
            return versions_in_order(self._promotions())

    def last_promotion(self) -> int:
        """Number of the last promotion; 0 before the first."""
        with self._reported():
            return last_number(self._promotions())

    def champion(self) -> tuple[int, ModelVersion | None]:
        """The last promotion and its version: what a decision is about, told by the log alone.

        The alias follows the log a moment later; whoever believed it then would decide about a model that is replaced.
        """
        with self._reported():
            counted = self._promotions()
        if not counted:
            return last_number(counted), self.production()
        return last_number(counted), self.version(versions_in_order(counted)[-1])

    def promotions(self) -> list[Promotion]:
        """Every promotion and rollback that counts, oldest first."""
        with self._reported():
            return self._promotions()

    def candidate(self) -> ModelVersion | None:
        """The newest version that waits for a person; None when that was declined, or a newer one is in production."""
        newest = max((each.version for each in self.promotions()), default=0)
        waiting = [each for each in self.versions() if each.decision and each.decision.waits and each.version > newest]
        return waiting[-1] if waiting and not waiting[-1].declined else None

    def decline(self, number: int, asked: ByHand = UNSIGNED) -> ModelVersion:
        """Say no to a version that waits for a person. Raises `ModelNotFound`, `NotWaiting`."""
        self.version(number)
        waiting = self.candidate()
        if not waiting or waiting.version != number:
            raise NotWaiting(number, waiting.version if waiting else 0)
        declined = Declined(asked.who, asked.why, datetime.now(UTC).isoformat(timespec="seconds"))
        with self._reported():
            self._client.set_model_version_tag(self.model, str(number), DECLINED_TAG, json.dumps(asdict(declined)))
        return self.version(number)

    def take_over(self, number: int, *, after: int, by: str, why: str = "") -> bool:
        """Put a version into production unless another came there since the promotion `after`; whether it came there.

        `by` names the run that decided so, `why` is its reason; asking again for the same run changes nothing.
        """
        with self._reported():
            return self._take_over(Promotion(0, after, number, by, why=why))

    def _take_over(self, entry: Promotion) -> bool:
        done = self._add(entry)
        if done:
            self._point()
        return done

    def promote(self, number: int, asked: ByHand = UNSIGNED) -> ModelVersion:
        """Put a version into production. Raises `ModelNotFound`, `ProductionChanged`."""
        self.version(number)
        by = uuid4().hex
        with self._reported():
            persistently(lambda: self._put(number, by, asked), f"put version {number} into production")
            self._point()
        return self.version(number)

    def _put(self, number: int, by: str, asked: ByHand) -> bool | None:
        """Whether the version is in production; None when another promotion came in between."""
        counted = self._promotions()
        if any(each.by == by for each in counted):
            return True
        there = self._as_expected(counted, asked)
        entry = Promotion(0, last_number(counted), number, by, who=asked.who, why=asked.why)
        return there == number or self._take_over(entry) or None

    def rollback(self, asked: ByHand = UNSIGNED) -> ModelVersion:
        """Put the version back that was in production before. Raises `ModelNotFound`, `ProductionChanged`."""
        by = uuid4().hex
        with self._reported():
            before = persistently(lambda: self._undo_last(by, asked), "roll back")
            self._point()
        return self.version(before)

    def _undo_last(self, by: str, asked: ByHand) -> int | None:
        """The version that is in production again; None when another promotion came in between."""
        counted = self._promotions()
        if done := [each.version for each in counted if each.by == by]:
            return done[0]
        self._as_expected(counted, asked)
        order = versions_in_order(counted)
        if len(order) < 2:
            raise ModelNotFound("No earlier production version is known, so there is nothing to roll back to.")
        entry = Promotion(0, last_number(counted), order[-2], by, undoes=True, who=asked.who, why=asked.why)
        return order[-2] if self._add(entry) else None

    def _as_expected(self, counted: list[Promotion], asked: ByHand) -> int:
        """The version in production, 0 for none. Raises `ProductionChanged` when the caller saw another one there."""
        order = versions_in_order(counted)
        alias = None if order else self.production()
        there = order[-1] if order else alias.version if alias else 0
        if asked.expected not in (None, there):
            raise ProductionChanged(int(asked.expected or 0), there)
        return there

    def _promotions(self) -> list[Promotion]:
        """The promotions that count."""
        return in_force(_promotion(each) for each in self._all_of(self._log) if "after" in each.tags)

    def _add(self, entry: Promotion) -> bool:
        """Add an entry to the log unless its author did already; whether it counts."""
        if self._counts(entry):
            return True
        if last_number(self._promotions()) != entry.after:
            return False
        self._ensure_model(
            self._log, f"Which version of {self.model} came into production when; a version here is a promotion."
        )
        fields = {"after": entry.after, "version": entry.version, "by": entry.by, "undoes": int(entry.undoes)}
        words = {name: text for name, text in (("who", entry.who), ("why", entry.why)) if text}
        tags = {name: str(value) for name, value in fields.items()} | words
        self._client.create_model_version(self._log, f"models:/{self.model}/{entry.version}", tags=tags)
        return self._counts(entry)

    def _counts(self, entry: Promotion) -> bool:
        return any((each.by, each.after) == (entry.by, entry.after) for each in self._promotions())

    def _point(self) -> None:
        """Let the alias name what the log says, also when that changes meanwhile."""

        def attempt() -> bool | None:
            counted = self._promotions()
            self._client.set_registered_model_alias(self.model, PRODUCTION, str(versions_in_order(counted)[-1]))
            return self._promotions() == counted or None

        persistently(attempt, f"let the alias `{PRODUCTION}` follow the log of promotions")


def _promotion(raw: MlflowVersion) -> Promotion:
    tags = raw.tags
    return Promotion(
        number=int(raw.version),
        after=int(tags["after"]),
        version=int(tags["version"]),
        by=tags["by"],
        undoes=bool(int(tags["undoes"])),
        who=tags.get("who", ""),
        why=tags.get("why", ""),
        at=datetime.fromtimestamp(raw.creation_timestamp / 1000, UTC).isoformat(timespec="seconds"),
    )
