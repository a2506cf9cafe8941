"""Checks and their mutants, declared beside each other.

    @check("RA-05", GuestBoot(mode=Mode.STATEFUL), role="router")
    def test_managed_flag(recording: Recording, notebook: Notebook) -> None:
        '''The docstring is the specification.'''

    @edited(test_managed_flag, because="M=0")
    def managed_flag_cleared(recording: Recording) -> Recording: ...

    @played(test_managed_flag, because="M=0")
    def router_of_another_mode() -> Broken:
        return Broken(GuestBoot(mode=Mode.STATEFUL), {"router": SlaacOnlyRouter()})

A check is a plain function; nothing about judging needs pytest. `because` must occur in the reason of the verdict.

Where a requirement has parts, a check names those that it judges, and is called once for each, with its key:

    @check("RA-11", InvalidAdvertisements(), role="guest", parts=FORGERIES)
    def test_discards_invalid_advertisements(recording: Recording, notebook: Notebook, part: str) -> None:

A mutant counts for every part of its check, or for those that it names; what takes a `part` gets the key, too. A
check of one part alone may say `@check("RA-11.code", ...)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from inspect import signature
from types import CodeType
from typing import Any, Protocol, TypeVar

from conformance.judging.verdict import Notebook
from fixtures.recording.model import Recording
from fixtures.stagecraft.base import Scenario

Function = TypeVar("Function", bound=Callable[..., Any])


class CheckFunction(Protocol):
    """The shape of a check; one of several parts takes the key of the part as well, by the name `part`."""

    __name__: str
    __module__: str
    __code__: CodeType

    def __call__(self, recording: Recording, notebook: Notebook, **part: str) -> None:
        """Return when the requirement is met; raise Violated or Unjudgeable through the notebook when not."""


@dataclass(frozen=True)
class Broken:
    """A play with a broken party: `implementations` replaces, role by role, who plays (a name, or an instance).

    The scenario may also differ from the check's own (a broken scripted peer is an option of its scenario).
    """

    scenario: Scenario
    implementations: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mutant:
    """One proof that a check can fail."""

    name: str
    because: str
    edit: Callable[[Recording], Recording] | None = None
    play: Callable[[], Broken] | None = None


@dataclass(eq=False)
class Check:
    """One requirement, or one part of one, judged on the recordings of one or more scenarios.

    `role` is the party that the verdict is about. `needs` names features (`fixtures.features`): where anybody in the
    cast lacks one, the cell is `not-applicable`, and it is judged all the same to probe that declaration.

    `cloud` is the cloud whose document it judges, None for a check of every network. `sentences` are those of that
    document that it judges (`conformance/catalogue/traceability`); where it names none, it judges all that name its
    requirement.

    A `passive` check assumes nothing but what its party's frames say, so it judges captures of other origin too
    (`conformance/wire/spoken.py`); it may have no scenario at all.
    """

    requirement: str
    scenarios: tuple[Scenario, ...]
    function: CheckFunction
    role: str
    needs: tuple[str, ...] = ()
    cloud: str | None = None
    sentences: tuple[str, ...] = ()
    passive: bool = False
    part: str | None = None
    mutants: list[Mutant] = field(default_factory=list)
    twins: list[Callable[[], Broken | Recording]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The test function's name."""
        return self.function.__name__

    @property
    def label(self) -> str:
        """The name, with the part's key where it judges one: no other check has it."""
        return f"{self.name}-{self.part}" if self.part else self.name

    @property
    def id(self) -> str:
        """What it judges, as the catalogue calls it: `RA-05`, `RA-11.code`."""
        return f"{self.requirement}.{self.part}" if self.part else self.requirement

    @property
    def key(self) -> str:
        """Where it stands in CHECKS."""
        return f"{self.function.__module__}.{self.label}"

    def judges(self, recording: Recording, notebook: Notebook) -> None:
        """Call the function for the part. Raises whatever it raises."""
        _with_part(self.function, self.part)(recording, notebook)


CHECKS: dict[str, Check] = {}


def check(
    requirement: str, *scenarios: Scenario, role: str, parts: Iterable[str] = (), needs: tuple[str, ...] = (),
    cloud: str | None = None, sentences: tuple[str, ...] = (), passive: bool = False,
) -> Callable[[Function], Function]:
    """Declare a function as the check of a requirement, or of these parts of it, on the recordings of these scenarios.

    It may stand several times above one function, for parts that other scenarios show.
    """
    id, _, only = requirement.partition(".")
    keys: list[str | None] = [only] if only else [*in_order(parts)] or [None]

    def declare(function: Function) -> Function:
        checks = list(declared_by(function))
        for key in keys:
            made = Check(id, scenarios, function, role, needs, cloud, sentences, passive, key)
            if made.key in [each.key for each in checks]:
                raise ValueError(f"{made.name} is declared twice as the check of {made.id}")
            CHECKS[made.key] = made
            checks.append(made)
        function.checks = tuple(checks)  # type: ignore[attr-defined]
        return function

    return declare


def declared_by(function: object) -> tuple[Check, ...]:
    """The checks that a function was declared as, one for each part; none where it is no check."""
    found = getattr(function, "checks", ())
    return tuple(each for each in found if isinstance(each, Check)) if isinstance(found, tuple) else ()


def in_order(parts: Iterable[str]) -> Iterable[str]:
    """Keys of parts as they were given, those of a set sorted: every process of a run collects the same."""
    return sorted(parts) if isinstance(parts, Set) else parts


def healthy(target: Any, *, parts: Iterable[str] = ()) -> Callable[[Function], Function]:
    """Declare a play with a scripted party on whose recording the check must pass.

    It is the healthy twin of the mutants where no installed program meets the requirement. A passive check may have a
    recording made by hand instead.
    """

    def declare(function: Function) -> Function:
        for each in _of_parts(target, parts):
            each.twins.append(_with_part(function, each.part))
        return function

    return declare


def edited(
    target: Any, *, because: str | Mapping[str, str], parts: Iterable[str] = ()
) -> Callable[[Function], Function]:
    """Declare an edit of a healthy recording after which the check must fail with `because` in its reason.

    `because` may be a mapping from the keys of parts to their texts: then it counts for these parts.
    """

    def declare(function: Function) -> Function:
        for each, text in _because(target, because, parts):
            each.mutants.append(Mutant(function.__name__, text, edit=_with_part(function, each.part)))
        return function

    return declare


def played(
    target: Any, *, because: str | Mapping[str, str], parts: Iterable[str] = ()
) -> Callable[[Function], Function]:
    """Declare a play with a broken party, on whose recording the check must fail with `because` in its reason.

    `because` may be a mapping from the keys of parts to their texts: then it counts for these parts.
    """

    def declare(function: Function) -> Function:
        for each, text in _because(target, because, parts):
            each.mutants.append(Mutant(function.__name__, text, play=_with_part(function, each.part)))
        return function

    return declare


def _because(
    target: Any, because: str | Mapping[str, str], parts: Iterable[str]
) -> list[tuple[Check, str]]:
    if isinstance(because, str):
        return [(each, because) for each in _of_parts(target, parts)]
    return [(each, because[each.part or ""]) for each in _of_parts(target, parts or because)]


def _of_parts(target: Any, parts: Iterable[str]) -> list[Check]:
    """The checks that a function was declared as: of these parts, or all. Raises ValueError: one sentence."""
    declared, wanted = declared_by(target), list(parts)
    unknown = set(wanted) - {each.part for each in declared}
    if unknown:
        raise ValueError(f"{target.__name__} judges no part {', '.join(map(repr, sorted(unknown)))}")
    return [each for each in declared if not wanted or each.part in wanted]


def _with_part(function: Callable[..., Any], part: str | None) -> Callable[..., Any]:
    """The function, with the key of the part where it takes one."""
    return partial(function, part=part) if "part" in signature(function).parameters else function
