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
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, Protocol, TypeVar

from conformance.judging.verdict import Notebook
from fixtures.recording.model import Recording
from fixtures.stagecraft.base import Scenario

Function = TypeVar("Function", bound=Callable[..., Any])


class CheckFunction(Protocol):
    """The shape of a check."""

    __name__: str
    __module__: str
    __code__: CodeType

    def __call__(self, recording: Recording, notebook: Notebook) -> None:
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
    """One requirement judged on the recordings of one or more scenarios.

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
    mutants: list[Mutant] = field(default_factory=list)
    twins: list[Callable[[], Broken | Recording]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The test function's name."""
        return self.function.__name__


CHECKS: dict[str, Check] = {}


def check(
    requirement: str, *scenarios: Scenario, role: str, needs: tuple[str, ...] = (), cloud: str | None = None,
    sentences: tuple[str, ...] = (), passive: bool = False,
) -> Callable[[Function], Function]:
    """Declare a function as the check of a requirement on the recordings of these scenarios."""

    def declare(function: Function) -> Function:
        declared = Check(requirement, scenarios, function, role, needs, cloud, sentences, passive)
        CHECKS[f"{function.__module__}.{function.__name__}"] = declared
        function.check = declared  # type: ignore[attr-defined]
        return function

    return declare


def healthy(target: Any) -> Callable[[Function], Function]:
    """Declare a play with a scripted party on whose recording the check must pass.

    It is the healthy twin of the mutants where no installed program meets the requirement. A passive check may have a
    recording made by hand instead.
    """

    def declare(function: Function) -> Function:
        target.check.twins.append(function)
        return function

    return declare


def edited(target: Any, *, because: str) -> Callable[[Function], Function]:
    """Declare an edit of a healthy recording after which the check must fail with `because` in its reason."""

    def declare(function: Function) -> Function:
        target.check.mutants.append(Mutant(function.__name__, because, edit=function))
        return function

    return declare


def played(target: Any, *, because: str) -> Callable[[Function], Function]:
    """Declare a play with a broken party, on whose recording the check must fail with `because` in its reason."""

    def declare(function: Function) -> Function:
        target.check.mutants.append(Mutant(function.__name__, because, play=function))
        return function

    return declare
