"""The plan of a run: each play that the selected tests need, once, and the checks that will judge it."""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import pytest

from conformance.judging.check import CHECKS, Check
from conformance.judging.judge import judge
from conformance.plugin.desk import DESK
from conformance.plugin.item import CheckItem
from conformance.selection.cells import Cell
from conformance.selection.undisturbed import Judge
from fixtures.playing.request import PlayRequest
from fixtures.programs.base import Implementation, ProgramError

_PLAN = ".plan"


@dataclass(frozen=True)
class Planned:
    """One play, and the checks that will judge it, by module and key: who plays has perhaps collected nothing."""

    request: PlayRequest
    checks: list[tuple[str, str]] = field(default_factory=list)

    def judges(self, known: Mapping[str, Implementation]) -> list[Judge]:
        """Those who will judge the play, with what its cast declares not to have."""
        return [self._judge(check, known) for check in self._find_checks()]

    def _find_checks(self) -> Iterator[Check]:
        for module, key in self.checks:
            if key not in CHECKS:
                import_module(module)
            yield CHECKS[key]

    def _judge(self, check: Check, known: Mapping[str, Implementation]) -> Judge:
        cast = {role: str(name) for role, name in self.request.cast.items()}
        lacking = Cell(check, self.request.scenario, cast, "").lacking(known)
        return lambda recording: judge(check, recording, lacking)


def requests(items: Sequence[pytest.Item], config: pytest.Config) -> dict[CheckItem, PlayRequest]:
    """The play that each of these tests needs; those that need none are left out."""
    desk = config.stash[DESK]
    found: dict[CheckItem, PlayRequest] = {}
    for item in (each for each in items if isinstance(each, CheckItem)):
        request = desk.source.request(item.cell)
        if request is None:
            continue
        with suppress(ProgramError):  # a program that cannot tell its version: the cell itself will say so
            request.play  # noqa: B018
            found[item] = request
    return found


def plan(items: Sequence[pytest.Item], config: pytest.Config) -> list[Planned]:
    """The plays that these tests need."""
    found: dict[str, Planned] = {}
    for item, request in requests(items, config).items():
        check = item.cell.check
        found.setdefault(request.id, Planned(request)).checks.append((check.function.__module__, check.key))
    return list(found.values())


def write(staging: Path, planned: Sequence[Planned]) -> None:
    """Leave the plan for the process that plays: whole or not at all, since every worker writes the same."""
    staging.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=staging, prefix=f"{_PLAN}.", delete=False) as file:
        pickle.dump([(each.request.scenario, each.request.cast, each.checks) for each in planned], file)
    os.replace(file.name, staging / _PLAN)


def read(staging: Path) -> list[Planned]:
    """The plan that was left there; empty where none was."""
    path = staging / _PLAN
    if not path.exists():
        return []
    return [Planned(PlayRequest(scenario, cast), checks) for scenario, cast, checks in pickle.loads(path.read_bytes())]
