"""Judging: the verdict of each cell, and what it means to pytest.

The judge runs in the test's setup, so that an `error` verdict is an error to pytest too; a red verdict fails the call.
"""

from __future__ import annotations

import gc
from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest

from conformance.catalogue.allowances import allowed
from conformance.catalogue.deviations import Deviation, deviations, known_deviation
from conformance.catalogue.requirements import catalogue
from conformance.judging.judge import judge
from conformance.judging.verdict import Judgement, Outcome
from conformance.plugin.collecting import cell_of
from conformance.plugin.desk import DESK, Desk, NotPlayed, NotRecorded, NotRun
from conformance.plugin.story import story
from conformance.selection.captured import AS_IT_CAME, Captured
from conformance.selection.cells import Cell
from conformance.selection.declines import declined
from fixtures.recording.model import Program, Recording

#: The name of the user property that carries a cell's verdict to the report, as a dictionary of JSON values.
PROPERTY = "sextant"


@dataclass(frozen=True)
class Ruling:
    """A judgement in its cell: with the recording it rests on, and what is known of this deviation."""

    cell: Cell
    judgement: Judgement
    implementations: dict[str, Program]
    recording: str | None = None
    declined: dict[str, Any] | None = None
    deviation: Deviation | None = None
    excuse: str | None = None

    @property
    def stale(self) -> bool:
        """The cell passes although data says that it deviates: the data is wrong now."""
        return self.deviation is not None and self.judgement.outcome is Outcome.PASS


def pytest_runtestloop() -> None:
    """After the plays: spare the garbage collector what stays to the end (the tests, the law, saved recordings).

    It would look through them again and again while cells are judged.
    """
    gc.collect()
    gc.freeze()


_RULING: pytest.StashKey[Ruling] = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Judge the cell; an error ends the test here, as does a cell that is not judged."""
    cell = cell_of(item)
    if cell is None:
        return
    desk = item.config.stash[DESK]
    ruling = rule(cell, desk)
    item.stash[_RULING] = ruling
    item.user_properties.append((PROPERTY, as_json(ruling, item.nodeid, desk)))
    outcome, reason = ruling.judgement.outcome, ruling.judgement.reason
    if outcome is Outcome.ERROR:
        pytest.fail(_told(ruling, desk), pytrace=False)
    if outcome in (Outcome.NOT_RUN, Outcome.NOT_APPLICABLE):
        raise pytest.skip.Exception(reason, _use_item_location=True)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """The check has been judged already: here its verdict becomes pytest's."""
    ruling = pyfuncitem.stash.get(_RULING, None)
    if ruling is None:
        return None
    desk = pyfuncitem.config.stash[DESK]
    outcome, reason = ruling.judgement.outcome, ruling.judgement.reason
    if ruling.stale:
        assert ruling.deviation is not None
        pytest.fail(f"{_told(ruling, desk)}\nconformance/deviations/{ruling.deviation.implementation}.toml says that it"
                    " deviates: remove that entry or narrow its versions", pytrace=False)
    if outcome is Outcome.INCONCLUSIVE and ruling.excuse:
        pytest.xfail(f"{reason} (allowed: {ruling.excuse})")
    if is_red(outcome, desk):
        if ruling.deviation and outcome is not Outcome.INCONCLUSIVE:
            pytest.xfail(f"{reason} (known deviation: {ruling.deviation.source})")
        pytest.fail(_told(ruling, desk), pytrace=False)
    return True


def is_red(outcome: Outcome, desk: Desk) -> bool:
    """Whether a verdict fails a run, where no data excuses it."""
    return outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.FLAKY) or (outcome is Outcome.WARN and desk.strict)


def rule(cell: Cell, desk: Desk) -> Ruling:
    """The verdict of a cell."""
    try:
        recording = desk.recording(cell)
    except NotPlayed as reason:
        return Ruling(cell, Judgement(Outcome.NOT_APPLICABLE, str(reason)), desk.implementations(cell))
    except NotRun as reason:
        return Ruling(cell, Judgement(Outcome.NOT_RUN, str(reason)), desk.implementations(cell))
    except NotRecorded as error:
        return Ruling(cell, Judgement(Outcome.ERROR, str(error)), desk.implementations(cell))
    judgement = judge(cell.check, recording, cell.lacking(desk.selection.known))
    who, refusal = dict(recording.play.implementations), declined(cell, recording, desk.selection.known)
    return _known(Ruling(cell, judgement, who, recording.play.id, refusal), recording)


def _known(ruling: Ruling, recording: Recording) -> Ruling:
    cell = ruling.cell
    id = catalogue().named(cell.check.requirement).id
    if ruling.judgement.outcome is Outcome.INCONCLUSIVE:
        if isinstance(cell.scenario, Captured):
            return replace(ruling, excuse=AS_IT_CAME)
        allowance = allowed(id, cell.test_of_products)
        return replace(ruling, excuse=allowance.reason if allowance else None)
    if ruling.judgement.outcome in (Outcome.FAIL, Outcome.WARN, Outcome.PASS):
        found = known_deviation(id, cell.test_of_products, recording.play.implementations, deviations())
        if found and found.sometimes and ruling.judgement.outcome is Outcome.PASS:
            return ruling
        return replace(ruling, deviation=found)
    return ruling


def as_json(ruling: Ruling, nodeid: str, desk: Desk) -> dict[str, Any]:
    """The cell as the report tells it; schema in the reports' folder."""
    cell, judgement = ruling.cell, ruling.judgement
    return {
        "requirement": catalogue().named(cell.check.requirement).id,
        "test": nodeid,
        "implementations": {role: asdict(program) for role, program in ruling.implementations.items()},
        "cloud": cell.check.cloud,
        "role": cell.check.role,
        "scenario": cell.scenario.name,
        "verdict": str(judgement.outcome),
        "reason": judgement.reason,
        "declined": ruling.declined,
        "known_deviation": ruling.deviation.as_json() if ruling.deviation else None,
        "evidence": [asdict(each) for each in judgement.evidence],
        "figures": [asdict(each) for each in judgement.figures],
        "recording": ruling.recording,
        "reproduce": reproduce(cell, desk),
    }


def reproduce(cell: Cell, desk: Desk) -> str:
    """The command that shows this cell again."""
    nightly = " --nightly" if not desk.nightly and desk.archive is None and cell.scenario.nightly(cell.cast) else ""
    return f"script/conformance -k '{cell.test}'{desk.again}{nightly}"


def _told(ruling: Ruling, desk: Desk) -> str:
    return story(ruling.cell, ruling.judgement, ruling.recording, reproduce(ruling.cell, desk))
