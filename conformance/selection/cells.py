"""Cells: one check on one scenario with one cast. A cell is one test, and one square of the report's matrix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from conformance.catalogue.datafiles import BadData, nearest
from conformance.catalogue.requirements import Requirement, catalogue
from conformance.catalogue.traceability import cloud_named
from conformance.judging.check import Check
from conformance.selection.casting import Cast, label
from fixtures.features import FEATURES, PLAYED_BY
from fixtures.names import product_of
from fixtures.programs.base import Implementation
from fixtures.stagecraft.base import Scenario


class BadCheck(ValueError):
    """A check is declared wrongly; the text is one sentence."""


class Scene(Protocol):
    """What a cell's recording shows: a scenario that was played, or a party that spoke in a capture.

    `options` tell it from others of its name; `length` is how many seconds it takes to play.
    """

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def options(self) -> Mapping[str, Any]:
        """JSON values."""

    @property
    def length(self) -> float:
        """Seconds; 0 where nothing is played."""


S = TypeVar("S", bound=Scene, covariant=True)


@dataclass(frozen=True, eq=False)
class Cell(Generic[S]):
    """What one test judges. `id` is what stands in the brackets of its test id."""

    check: Check
    scenario: S
    cast: Cast
    id: str

    @property
    def test(self) -> str:
        """The test's name with its id."""
        return f"{self.check.name}[{self.id}]"

    @property
    def test_of_products(self) -> str:
        """The same as deviations and allowances name it: a build is judged as what it is a build of."""
        plain = {role: product_of(name) for role, name in self.cast.items()}
        if plain == self.cast:
            return self.test
        own, others = ending(self.check, label(self.cast)), ending(self.check, label(plain))
        return f"{self.check.name}[{self.id.removesuffix(own)}{others}]"

    def lacking(self, known: Mapping[str, Implementation]) -> dict[str, str]:
        """The needed features that somebody of the cast declares not to have, each with its source."""
        found = {}
        for feature in self.check.needs:
            player = known.get(self.cast.get(PLAYED_BY.get(feature, "guest"), ""))
            if player is not None and feature in player.lacks:
                found[f"{feature} ({player.name})"] = player.lacks[feature]
        return found

    def why_declined(self: Cell[Scenario], known: Mapping[str, Implementation]) -> str | None:
        """Why somebody of the cast does not play the scenario's situation, or None."""
        nodes = self.scenario.roles
        for role, name in self.cast.items():
            if role == "guest" and name in known and known[name].opaque and not self.scenario.from_outside:
                return f"{name} is a machine of its own, and this play works inside the guest"
        for role, name in self.cast.items():
            at_one_node = frozenset(other for other, who in self.cast.items()
                                    if who == name and nodes[other] == nodes[role])
            reason = known[name].declines(self.scenario.situation(), at_one_node) if name in known else None
            if reason:
                return f"{name} does not play this: {reason}"
        return None

    def __repr__(self) -> str:
        return self.id


def cells(check: Check, casts: Callable[[Scenario], Iterable[Cast]]) -> Iterator[Cell[Scenario]]:
    """Every cell of a check, given who plays in a scenario. Raises BadCheck."""
    verify(check)
    labels = scenario_labels(check.scenarios)
    for scenario, scene in zip(check.scenarios, labels, strict=True):
        for cast in casts(scenario):
            words = [word for word in (scene, label(cast)) if word] or [scenario.name]
            yield Cell(check, scenario, dict(cast), ending(check, "-".join(words)))


def ending(check: Check, id: str) -> str:
    """The id of a cell, with the part's key at its end where the check judges a part."""
    return f"{id}-{check.part}" if check.part else id


def verify(check: Check) -> None:
    """Raises BadCheck when the declaration names what does not exist."""
    try:
        judged = catalogue().promise(check.id)
    except BadData as error:
        raise BadCheck(f"{check.name}: {error}") from error
    if judged.id != check.id:
        raise BadCheck(f"{check.name}: {check.id} reads {judged.id} in the catalogue")
    if isinstance(judged, Requirement) and judged.parts:
        raise BadCheck(f"{check.name}: {check.id} has parts, so its checks name those that they judge, parts=..."
                       f" ({', '.join(part.key for part in judged.parts)})")
    if not check.scenarios and not check.passive:
        raise BadCheck(f"{check.name}: a check needs at least one scenario, @check(id, Scenario(), role=...)")
    for scenario in check.scenarios:
        if check.role not in scenario.roles and check.role not in JUDGED_WITHOUT_A_PLAYER:
            raise BadCheck(f"{check.name}: role {check.role!r} is not played in {scenario.name}"
                           f" (its roles: {', '.join(scenario.roles)}){nearest(check.role, scenario.roles)}")
    for feature in check.needs:
        if feature not in FEATURES:
            raise BadCheck(f"{check.name}: unknown feature {feature!r}{nearest(feature, FEATURES)}")
    _verify_cloud(check)


def _verify_cloud(check: Check) -> None:
    """Raises BadCheck where the check's cloud or its sentences are not those of its requirement."""
    if check.cloud is None:
        if check.sentences:
            raise BadCheck(f"{check.name}: it names sentences, so it needs the cloud whose they are, cloud=...")
        return
    try:
        found = {sentence.id: sentence for sentence in cloud_named(check.cloud).sentences}
    except BadData as error:
        raise BadCheck(f"{check.name}: {error}") from error
    for id in check.sentences:
        if id not in found:
            raise BadCheck(f"{check.name}: unknown sentence {id!r}{nearest(id, found)}")
        if check.requirement not in found[id].requirements:
            raise BadCheck(f"{check.name}: the sentence {id} does not name {check.requirement}; it names"
                           f" {', '.join(found[id].requirements) or 'nothing, as it is not testable'}")


#: Roles that the stage itself plays with the kernel, or a cloud's model, where no implementation was cast for them.
JUDGED_WITHOUT_A_PLAYER = frozenset({"compute-host", "segment", "management"})


def scenario_labels(scenarios: Sequence[Scenario]) -> list[str]:
    """What tells a check's scenarios apart: nothing for one, else the values of differing options, or the names."""
    if len(scenarios) < 2:
        return [""] * len(scenarios)
    one_kind = len({type(scenario) for scenario in scenarios}) == 1
    differing = [key for key in scenarios[0].options if one_kind
                 and len({repr(scenario.options[key]) for scenario in scenarios}) > 1]
    labels = [_words([scenario.options[key] for key in differing]) if differing else scenario.name
              for scenario in scenarios]
    if len(set(labels)) < len(labels):
        labels = [_words([scenario.name, *scenario.options.values()]) for scenario in scenarios]
    return labels


def _words(values: Sequence[object]) -> str:
    """Option values as the part of a test id that works in `-k`."""
    return "-".join(re.sub(r"[^\w.+]+", "-", str(value)).strip("-").lower() or "none" for value in values)
