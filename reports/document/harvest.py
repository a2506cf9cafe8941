"""From pytest's test reports to the verdicts of the report.

A check says what it found in the item ("sextant", {...}) of its report's user properties, which pytest-xdist carries
from the workers. A cell that says nothing did not get as far as a verdict, which is an `error` of the suite.
"""

from __future__ import annotations

import importlib
from typing import Any, cast

import pytest

from conformance.judging.check import declared_by
from conformance.judging.verdict import Outcome
from reports.document.compliance import Figure, Verdict, by_name, by_requirement, is_stale

PROPERTY = "sextant"
OURS = "conformance/"

#: What is known of a cell that died before it could say who took part.
_NOTHING: dict[str, Any] = {
    "part": None,
    "implementations": {},
    "cloud": None,
    "role": None,
    "party": None,
    "scenario": None,
    "known_deviation": None,
    "evidence": [],
    "recording": None,
}


class Harvest:
    """Collects reports while the run goes on; `verdicts` and `figures` are what they amount to."""

    def __init__(self) -> None:
        self._said: dict[str, dict[str, Any]] = {}
        self._broke: dict[str, str] = {}
        self._skipped: dict[str, str] = {}
        self._passed: set[str] = set()
        self._stale: set[str] = set()

    def take(self, report: pytest.TestReport) -> None:
        """Take one phase (setup, call, teardown, or a worker's crash) of one test."""
        said: list[Any] = [value for key, value in report.user_properties if key == PROPERTY]
        if said and isinstance(said[-1], dict):
            self._said[report.nodeid] = said[-1]
        if not said and not report.nodeid.startswith(OURS):
            return
        if report.failed and said and is_stale(said[-1]):
            self._stale.add(report.nodeid)
        elif report.failed and (not said or report.when == "teardown" or said[-1]["verdict"] in _QUIET):
            self._broke[report.nodeid] = _sentence(report)
        elif report.skipped:
            self._skipped[report.nodeid] = _sentence(report)
        elif report.when == "call":
            self._passed.add(report.nodeid)

    def take_collection(self, report: pytest.CollectReport) -> None:
        """Take a module that could not be collected: none of its checks was judged."""
        if report.failed and report.nodeid.startswith(OURS):
            self._broke[report.nodeid] = f"{report.nodeid} cannot be collected: {_last_line(str(report.longrepr))}"

    def __bool__(self) -> bool:
        """Whether anything was judged at all."""
        return bool(self._said)

    @property
    def verdicts(self) -> list[Verdict]:
        """Every verdict, in the order of requirement and test."""
        names = self._said.keys() | self._broke.keys() | self._skipped.keys() | self._passed
        found = (self._verdict(name) for name in names)
        return sorted(found, key=by_requirement)

    @property
    def figures(self) -> list[Figure]:
        """Every measured number, with the parties it was measured on."""
        found = [
            Figure(
                name=each["name"],
                value=each["value"],
                unit=each["unit"],
                implementations=cell["implementations"],
                requirement=cell["requirement"],
                recording=cell.get("recording"),
            )
            for cell in self._said.values()
            for each in cell.get("figures", ())
        ]
        return sorted(found, key=by_name)

    def _verdict(self, nodeid: str) -> Verdict:
        cell = dict(_NOTHING | self._said.get(nodeid, {}))
        cell.pop("figures", None)
        if "requirement" not in cell:
            cell["requirement"], cell["part"] = _promise(nodeid)
        cell["test"] = cell.get("test") or nodeid
        cell["reproduce"] = cell.get("reproduce") or f"pytest '{nodeid}'"
        if nodeid in self._broke:
            cell |= {"verdict": Outcome.ERROR, "reason": self._broke[nodeid]}
        elif nodeid in self._stale:
            cell["reason"] += "; it is listed as a known deviation, but no longer deviates: remove that entry"
        elif nodeid not in self._said and nodeid in self._skipped:
            cell |= {"verdict": Outcome.NOT_RUN, "reason": self._skipped[nodeid]}
        elif nodeid not in self._said:
            cell |= {"verdict": Outcome.ERROR, "reason": "the test ended without a verdict"}
        return cast(Verdict, cell)


#: Verdicts that never make a test fail: when it failed all the same, something else broke.
_QUIET = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.NOT_RUN})


def _sentence(report: pytest.TestReport) -> str:
    """What broke or why it was skipped, in one line."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(getattr(report.longrepr, "reprcrash", None), "message", None)
    return _last_line(str(crash or report.longrepr or "no reason was given"), first=crash is not None)


def _last_line(text: str, first: bool = False) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no reason was given"]
    return lines[0 if first else -1]


def _promise(nodeid: str) -> tuple[str | None, str | None]:
    """Requirement and part of a test that could not say so itself, from its check's declaration; None for none."""
    path, _, test = nodeid.partition("::")
    try:
        module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    except Exception:  # the module itself may be what is broken
        return None, None
    name, _, cell = test.rstrip("]").partition("[")
    checks = declared_by(getattr(module, name, None))
    for check in checks:
        if check.part and f"-{cell}".endswith(f"-{check.part}"):
            return check.requirement, check.id
    return (checks[0].requirement, None) if checks else (None, None)
