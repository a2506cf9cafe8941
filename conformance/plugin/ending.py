"""The end of a run: the summary, and the exit status that tells red verdicts from faults of the suite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from conformance.catalogue.requirements import catalogue
from conformance.judging.judge import LEFT_OUT
from conformance.judging.verdict import Outcome
from conformance.plugin.desk import DESK
from conformance.plugin.plain import plain
from conformance.plugin.rulings import PROPERTY
from conformance.plugin.sharding import is_part_of_something
from conformance.selection.undisturbed import describe_left, describe_repeats
from conformance.sources.throughout import Throughout
from fixtures.captures.parties import SCENARIO
from fixtures.programs.party import Party

RED, STOPPED, BROKEN, NOTHING = 1, 2, 3, 5
#: Characters of one line of the list; the whole reason stands in the story above it and in the report.
_LINE = 240
#: So many plays that were played again are told one by one.
_EACH = 8
_JUDGED = (Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.FLAKY)


class Tally:
    """The verdicts of a run, by test."""

    def __init__(self) -> None:
        self.cells: dict[str, dict[str, Any]] = {}
        self.red: dict[str, str] = {}
        self.broken: dict[str, str] = {}
        self.selected: set[str] = set()

    def take(self, report: pytest.TestReport) -> None:
        """Take one phase of one test; only cells count."""
        said: list[Any] = [value for key, value in report.user_properties if key == PROPERTY]
        if not said:
            return
        cell: dict[str, Any] = said[-1]
        self.cells[report.nodeid] = cell
        if report.failed and (report.when != "call" or cell["verdict"] == Outcome.ERROR):
            self.broken[report.nodeid] = cell["reason"] if cell["verdict"] == Outcome.ERROR else "the test itself broke"
        elif report.failed:
            self.red[report.nodeid] = cell["reason"]

    def counts(self) -> Counter[str]:
        """How many cells have each verdict, those of models left out."""
        return Counter(cell["verdict"] for cell in self.of_implementations())

    def of_implementations(self) -> list[dict[str, Any]]:
        """The cells that judge a program, a kernel or a peer: a model of the suite is none of these."""
        return [cell for cell in self.cells.values() if cell["party"] != Party.MODEL]

    def exit_status(self, before: int, stopped: bool) -> int:
        """The run's exit status, where pytest alone would say `before`."""
        if stopped:
            return STOPPED
        if not self.cells or before not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return before
        if self.broken:
            return BROKEN
        if self.red:
            return RED
        if not any(cell["verdict"] in _JUDGED for cell in self.cells.values()):
            return NOTHING
        return before


TALLY: pytest.StashKey[Tally] = pytest.StashKey()
_IDLE: pytest.StashKey[bool] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Count from the start."""
    config.stash[TALLY] = tally = Tally()
    config.pluginmanager.register(_Counting(tally), "sextant-counting")


class _Counting:
    """Takes every report, also those that come from workers."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a report."""
        self._tally.take(report)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is asked for."""
        self._tally.selected.update(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Note it where only workers collect."""
        self._tally.selected.update(ids)


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """An error of the suite is an error to pytest too, and no failed test, whichever phase it came up in."""
    if report.when != "call" or not report.failed:
        return None
    said: list[Any] = [value for key, value in report.user_properties if key == PROPERTY]
    return ("error", "E", "ERROR") if said and said[-1]["verdict"] == Outcome.ERROR else None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Set the exit status; in a worker nobody asks for it."""
    stopped = bool(session.config.stash[DESK].stopped)
    status = session.config.stash[TALLY].exit_status(int(exitstatus), stopped)
    idle = status == NOTHING and is_part_of_something(session.config)
    session.config.stash[_IDLE] = idle
    session.exitstatus = pytest.ExitCode.OK if idle else status


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """The summary line, and every cell that is red, broken or inconclusive, with its reason."""
    tally = config.stash[TALLY]
    if not tally.cells:
        _say_why_empty(terminalreporter, config, exitstatus)
        return
    quiet = terminalreporter.verbosity < 0
    if not quiet:
        terminalreporter.section("conformance")
    for title, nodeids in (("error", tally.broken), ("red", tally.red), ("not judged", undecided_cells(tally))):
        for nodeid, reason, others in _alike(nodeids, tally):
            more = f" and {others} more" if others else ""
            line = plain(f"{title}: {nodeid.rpartition('::')[2]}{more}: {tally.cells[nodeid]['verdict']}: {reason}")
            terminalreporter.write_line(line if len(line) <= _LINE else f"{line[:_LINE]}...")
    for line in without_occasion(tally):
        terminalreporter.write_line(line)
    if not quiet:
        for line in [*again(config.stash[DESK].disturbed, terminalreporter.verbosity), *by_family(tally)]:
            terminalreporter.write_line(line)
    if left := config.stash[DESK].left:
        terminalreporter.write_line(describe_left(left, config.getoption("patience")))
    for line in [summary(tally), *models(tally)]:
        terminalreporter.write_line(line)
    if config.stash[DESK].stopped:
        terminalreporter.write_line(f"{config.stash[DESK].stopped}: {len(tally.cells)} of {len(tally.selected)} cells"
                                    " have a verdict", red=True)
    if exitstatus == NOTHING:
        terminalreporter.write_line("nothing was judged, so nothing is known: this run is not green")


def again(disturbed: Mapping[str, str], verbosity: int) -> list[str]:
    """What was played again, and for what reason: each play, or with many of them the reasons."""
    if len(disturbed) > _EACH and verbosity <= 0:
        return [describe_repeats(disturbed)]
    return [f"played again: {play}: {reason}" for play, reason in sorted(disturbed.items())]


def by_family(tally: Tally) -> list[str]:
    """A table: how many verdicts of each word a family has; nothing where there is but one family."""
    families: dict[str, Counter[str]] = {}
    for cell in tally.of_implementations():
        families.setdefault(catalogue().requirement(cell["requirement"]).family, Counter())[cell["verdict"]] += 1
    if len(families) < 2:
        return []
    words = [word for word in _ORDER if any(counts[word] for counts in families.values())]
    titles = {family: catalogue().families.get(family, family) for family in families}
    first = max(len(title) for title in titles.values())
    rows = [f"{'':{first}}  " + "  ".join(words)]
    for family, title in titles.items():
        numbers = (f"{families[family][word] or '-':>{len(word)}}" for word in words)
        rows.append(f"{title:{first}}  " + "  ".join(numbers))
    return [*rows, ""]


def _alike(nodeids: Mapping[str, str], tally: Tally) -> Iterator[tuple[str, str, int]]:
    """Each cell with its reason; of captures' parties of whom the same is said one, and how many more there are.

    Of cells whose plays did not begin, too, all are one.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for nodeid, reason in nodeids.items():
        cell = tally.cells[nodeid]
        apart = "" if reason == LEFT_OUT else nodeid
        if cell["scenario"] == SCENARIO:
            apart = nodeid.partition("[")[0]
            for who in cell["implementations"].values():
                reason = reason.replace(who["name"].partition(" ")[0], "it")
        groups.setdefault((apart, cell["verdict"], reason), []).append(nodeid)
    for same in groups.values():
        yield same[0], nodeids[same[0]], len(same) - 1


def summary(tally: Tally) -> str:
    """`N requirements, M verdicts: pass .. warn .. fail ..`, with all the words of the report."""
    counts = tally.counts()
    found = tally.of_implementations()
    requirements = {cell["requirement"] for cell in found}
    words = [word for word in Outcome if word is not Outcome.FLAKY or counts[word]]
    told = " ".join(f"{word} {counts[word]}" for word in sorted(words, key=_ORDER.index))
    deviations = sum(1 for cell in found if cell["known_deviation"] and cell["verdict"] == Outcome.FAIL)
    known = f" ({deviations} of the failures are known deviations)" if deviations else ""
    return f"{len(requirements)} requirements, {len(found)} verdicts: {told}{known}"


def models(tally: Tally) -> list[str]:
    """`the suite's own models: n cells`, where there are any, with their verdicts."""
    counts = Counter(cell["verdict"] for cell in tally.cells.values() if cell["party"] == Party.MODEL)
    told = ", ".join(f"{counts[word]} {word}" for word in _ORDER if counts[word])
    return [f"the suite's own models: {counts.total()} cells, counted apart ({told})"] if counts else []


_ORDER = [Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE, Outcome.NOT_RUN,
          Outcome.ERROR, Outcome.FLAKY]


def without_occasion(tally: Tally) -> list[str]:
    """The cells of all plays that found nothing to judge in any, in one line: they are no doubt about anybody."""
    cells = [cell for cell in tally.cells.values()
             if cell["scenario"] == Throughout.name and cell["verdict"] == Outcome.NOT_RUN]
    ids = sorted({cell["part"] or cell["requirement"] for cell in cells})
    return [f"without an occasion in any play: {len(cells)} cells of {', '.join(ids)}"] if cells else []


def undecided_cells(tally: Tally) -> dict[str, str]:
    """The inconclusive cells of plays, each with its reason; those that are red stand elsewhere."""
    return {nodeid: cell["reason"] for nodeid, cell in tally.cells.items()
            if cell["verdict"] == Outcome.INCONCLUSIVE and nodeid not in tally.red and cell["scenario"] != SCENARIO}


def _say_why_empty(terminalreporter: Any, config: pytest.Config, exitstatus: int) -> None:
    if config.stash[DESK].stopped:
        terminalreporter.write_line(f"{config.stash[DESK].stopped}, before anything was judged: the previous report, if"
                                    " any, is kept", red=True)
        return
    if config.stash.get(_IDLE, False):
        terminalreporter.write_line("nothing of the selection is this shard's: there are fewer plays than shards")
        return
    for id in sorted(config.stash[DESK].requirements):
        terminalreporter.write_line(f"{id} was asked for, and no selected check judges it:"
                                    f" {catalogue().promise(id).text}")
    if exitstatus == NOTHING and terminalreporter.stats.get("deselected"):
        terminalreporter.write_line("no check is selected: nothing was judged, so this run is not green", red=True)
