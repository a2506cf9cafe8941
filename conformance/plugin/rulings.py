"""Rulings: a judgement in its cell, with what is known of it, as the report and the terminal tell it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from shlex import quote
from typing import Any

from conformance.catalogue.allowances import allowance_for
from conformance.catalogue.deviations import Deviation, deviations, known_deviation
from conformance.judging.verdict import Judgement, Outcome
from conformance.plugin.desk import Desk
from conformance.plugin.story import story
from conformance.selection.cells import Cell
from conformance.selection.party import party
from conformance.sources.throughout import Throughout
from fixtures.recording.model import Program, Recording

#: The name of the user property that carries a cell's verdict to the report, as a dictionary of JSON values.
PROPERTY = "sextant"


@dataclass(frozen=True)
class Ruling:
    """A judgement in its cell: with the recording it rests on, and what is known of this deviation."""

    cell: Cell[Any]
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


def is_red(outcome: Outcome, desk: Desk) -> bool:
    """Whether a verdict fails a run, where no data excuses it."""
    return outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.FLAKY) or (outcome is Outcome.WARN and desk.strict)


def rule(cell: Cell[Any], judgement: Judgement, recording: Recording | None, desk: Desk) -> Ruling:
    """A judgement in its cell; without a recording there is nothing to look up about it."""
    if recording is None:
        return Ruling(cell, judgement, desk.programs.of(cell.cast))
    who, refusal = dict(recording.play.implementations), desk.source.why_declined(cell, recording)
    return _with_deviation(Ruling(cell, judgement, who, recording.play.id, refusal), recording, desk)


def _with_deviation(ruling: Ruling, recording: Recording, desk: Desk) -> Ruling:
    cell = ruling.cell
    check = cell.check
    if ruling.judgement.outcome is Outcome.INCONCLUSIVE:
        allowance = allowance_for(check.requirement, check.part, cell.test_of_products)
        return replace(ruling, excuse=desk.source.excuse(cell) or (allowance.reason if allowance else None))
    if ruling.judgement.outcome in (Outcome.FAIL, Outcome.WARN, Outcome.PASS):
        who = recording.play.implementations
        found = known_deviation(check.requirement, check.part, cell.test_of_products, who, deviations())
        sometimes = found is not None and (found.sometimes or isinstance(cell.scenario, Throughout))
        if sometimes and ruling.judgement.outcome is Outcome.PASS:  # not in every run it comes up
            return ruling
        return replace(ruling, deviation=found)
    return ruling


def as_json(ruling: Ruling, nodeid: str, desk: Desk) -> dict[str, Any]:
    """The cell as the report tells it; schema in the reports' folder."""
    cell, judgement = ruling.cell, ruling.judgement
    return {
        "requirement": cell.check.requirement,
        "part": cell.check.id if cell.check.part else None,
        "test": nodeid,
        "implementations": {role: asdict(program) for role, program in ruling.implementations.items()},
        "cloud": cell.check.cloud,
        "role": cell.check.role,
        "party": str(party(cell, desk.programs.known)),
        "scenario": cell.scenario.name,
        "verdict": str(judgement.outcome),
        "reason": judgement.reason,
        "declined": ruling.declined,
        "known_deviation": ruling.deviation.as_json() if ruling.deviation else None,
        "evidence": [asdict(each) for each in judgement.evidence],
        "figures": [asdict(each) for each in judgement.figures],
        "traceback": [asdict(line) for line in judgement.trace],
        "recording": ruling.recording,
        "captured": (desk.source.beside(cell) or None) if ruling.recording else None,
        "reproduce": reproduce(cell, desk),
    }


def reproduce(cell: Cell[Any], desk: Desk) -> str:
    """The command that shows this cell again."""
    return f"script/conformance -k {quote(cell.test)}{desk.again}{desk.source.options(cell)}"


def story_of(ruling: Ruling, desk: Desk) -> str:
    """The cell in a few lines, for the terminal."""
    told = story(ruling.cell, ruling.judgement, ruling.recording, reproduce(ruling.cell, desk))
    if not ruling.stale:
        return told
    assert ruling.deviation is not None
    return (f"{told}\nconformance/deviations/{ruling.deviation.implementation}.toml says that it deviates: remove that"
            " entry or narrow its versions")
