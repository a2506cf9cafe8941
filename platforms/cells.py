"""Which cells of a run differ from another run's, and why: the verdicts, their reasons and the known deviations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reports.document.compliance import VERDICTS, Verdict, load

#: What a cell can be, the worst first; a known deviation is no red cell.
STATES = tuple(word for each in VERDICTS for word in ((each, "deviates") if each == "fail" else (each,)))

#: A cell of two runs: the requirement and the test with its parameters.
Key = tuple[str, str]


def cells_of(report: Path) -> dict[Key, Verdict]:
    """The cells of a report's directory. Raises ReportError."""
    return {(each["requirement"] or "-", each["test"]): each for each in load(report / "compliance.json")["verdicts"]}


def state(cell: Verdict) -> str:
    """The verdict, `deviates` for a failure that is a known deviation."""
    return "deviates" if cell["verdict"] == "fail" and cell["known_deviation"] else cell["verdict"]


def counts(cells: Iterable[Verdict]) -> Counter[str]:
    """How many cells there are in each state."""
    return Counter(map(state, cells))


@dataclass(frozen=True, order=True)
class Difference:
    """Cells of one requirement that became the same for one reason; `programs` are who was judged, here and there."""

    requirement: str
    programs: str
    before: str
    after: str
    reason: str


def differences(there: dict[Key, Verdict], here: dict[Key, Verdict]) -> Counter[Difference]:
    """The cells that both runs have and that differ in state, those with one reason together, with their number."""
    return Counter(
        Difference(key[0], _who_was_judged(there[key], here[key]), state(there[key]), state(here[key]),
                   reason(there[key], here[key]))
        for key in there.keys() & here.keys()
        if state(there[key]) != state(here[key])
    )


def only_there(there: dict[Key, Verdict], here: dict[Key, Verdict]) -> set[Key]:
    """Cells that the other run has and this one has not."""
    return there.keys() - here.keys()


def reason(there: Verdict, here: Verdict) -> str:
    """Why a cell is not what it was there: the known deviation of the one that deviates, else what was seen here."""
    if state(here) == "deviates":
        return _deviation_of(here)
    if state(there) == "deviates" and here["verdict"] == "pass":
        return f"mended: there, {_deviation_of(there)}"
    return here["reason"]


def _deviation_of(cell: Verdict) -> str:
    known = cell["known_deviation"]
    return f"{known['reason']} ({known['source']})" if isinstance(known, dict) else str(known)


def _who_was_judged(there: Verdict, here: Verdict) -> str:
    """The program in the role that was judged, with both versions where they differ; all of them where none is."""
    roles = [here["role"]] if here["role"] in here["implementations"] else sorted(here["implementations"])
    words = []
    for role in roles:
        new, old = here["implementations"][role or ""], there["implementations"].get(role or "")
        change = f"{old['version']} → {new['version']}" if old and old["version"] != new["version"] else new["version"]
        words.append(f"{new['name']} {change}")
    return ", ".join(dict.fromkeys(words)) or "the kernel alone"
