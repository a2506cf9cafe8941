"""The run in one line: what comes first on the page, in the badge and in a job's summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.judging.verdict import Outcome
from reports.document.cells import Cell
from reports.document.compliance import VERDICTS, Compliance, is_stale

#: Verdicts that somebody has to look at.
ALARMING = (Outcome.ERROR, Outcome.FAIL, Outcome.FLAKY, Outcome.INCONCLUSIVE, Outcome.WARN)
#: Shape and word, so that no verdict is told by its colour alone.
SYMBOLS: dict[str, str] = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.WARN: "▲",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NOT_APPLICABLE: "–",
    Outcome.NOT_RUN: "○",
    Outcome.ERROR: "‼",
    Outcome.FLAKY: "≈",
}
#: Verdicts that decide nothing yet.
DOUBTFUL = (Outcome.FLAKY, Outcome.INCONCLUSIVE)


@dataclass(frozen=True)
class Headline:
    """Counts of a run; those of models are apart and in none of the others, but that a check broke is told of all.

    `known` counts known deviations, which fail or warn; `known_failures` those of them that fail.
    """

    counts: Counter[str]
    models: int
    requirements: int
    new: int
    known: int
    known_failures: int
    stale: int
    broken: int

    @property
    def verdicts(self) -> int:
        """How many verdicts there are, without those of models."""
        return self.counts.total()

    @property
    def doubtful(self) -> int:
        """How many verdicts are undecided."""
        return sum(self.counts[word] for word in DOUBTFUL)

    @property
    def clean(self) -> bool:
        """Whether nothing has to be looked at."""
        return not (self.new or self.broken or self.doubtful or self.stale)

    @property
    def sentence(self) -> str:
        """The verdict on the run."""
        judged = sum(self.counts[word] for word in (Outcome.PASS, Outcome.WARN, Outcome.FAIL))
        if not judged and not self.broken:
            return "Nothing was judged"
        words = [
            _count(self.new, "new failure"),
            _count(self.broken, "error of the suite", "errors of the suite"),
            _count(self.stale, "known deviation that is gone", "known deviations that are gone"),
            _count(self.doubtful, "doubtful verdict"),
        ]
        told = ", ".join(word for word in words if word)
        known = f"; {_count(self.known, 'known deviation')}" if self.known else ""
        return f"{told or 'Clean: no new failure'}{known}; {self.counts['pass']} of {judged} judged cells pass"


def headline(document: Compliance, cells: Iterable[Cell]) -> Headline:
    """The counts of a document."""
    counts: Counter[str] = Counter()
    models = new = known = failures = stale = broken = 0
    seen = set()
    for cell in cells:
        verdict = cell.verdict
        broken += verdict["verdict"] == Outcome.ERROR
        if verdict.get("party") == "model":
            models += 1
            continue
        counts[verdict["verdict"]] += 1
        seen.add(verdict["requirement"])
        fail, deviates = verdict["verdict"] == Outcome.FAIL, bool(verdict["known_deviation"])
        new += fail and not deviates
        failures += fail and deviates
        known += deviates and (fail or verdict["verdict"] == Outcome.WARN)
        stale += is_stale(verdict)
    in_catalogue = {each["id"] for each in document["requirements"]}
    return Headline(counts, models, len(seen & in_catalogue), new, known, failures, stale, broken)


def in_order(counts: Counter[str]) -> list[tuple[str, int]]:
    """The counts, worst first, without zeros."""
    return [(word, counts[word]) for word in VERDICTS if counts[word]]


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}" if number else ""
