"""`--cloud NAME`: select what judges that cloud's document, and say at the end which sentences were judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from conformance.catalogue.datafiles import BadData
from conformance.catalogue.traceability import Cloud, Sentence, cloud_named
from conformance.judging.check import Check
from conformance.judging.verdict import Outcome
from conformance.plugin.collecting import cell_of
from conformance.plugin.rulings import PROPERTY
from conformance.selection.declared import declared_checks
from conformance.selection.sentences import checks_for, judges

ASKED: pytest.StashKey[list[Cloud]] = pytest.StashKey()

#: Verdicts that say something about the sentence.
_TELLING = (Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.FLAKY)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--cloud`."""
    parser.getgroup("sextant").addoption(
        "--cloud", action="append", metavar="NAME", default=[],
        help="judge only this cloud's document: its own checks, and the general ones that alone judge a sentence of it;"
             " may be repeated")


def _cloud(name: str) -> Cloud:
    try:
        return cloud_named(name)
    except BadData as error:
        raise pytest.UsageError(f"--cloud {name}: {error}") from error


def pytest_configure(config: pytest.Config) -> None:
    """Read the option; a name that no cloud has is one sentence and exit status 4."""
    names = [_cloud(name) for name in config.getoption("cloud")]
    config.stash[ASKED] = list({cloud.name: cloud for cloud in names}.values())
    if names and not config.option.collectonly:
        config.pluginmanager.register(_Sentences(config.stash[ASKED]), "sextant-sentences")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep only what the clouds that were asked for need."""
    asked = config.stash[ASKED]
    if not asked:
        return
    known = _all_checks(cell.check for cell in map(cell_of, items) if cell is not None)
    wanted = {id(check) for cloud in asked for check in checks_for(cloud, known)}
    kept: list[pytest.Item] = []
    gone: list[pytest.Item] = []
    for item in items:
        cell = cell_of(item)
        (kept if cell is not None and id(cell.check) in wanted else gone).append(item)
    items[:] = kept
    if gone:
        config.hook.pytest_deselected(items=gone)


def _all_checks(collected: Iterable[Check]) -> list[Check]:
    """All checks that are collected, and all that there are, whichever files were asked for."""
    return list({id(check): check for check in [*collected, *declared_checks()]}.values())


class _Sentences:
    """Counts the sentences of the clouds that were asked for."""

    def __init__(self, asked: list[Cloud]) -> None:
        self._asked = asked
        self._told: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which checks said something."""
        said: list[Any] = [value for key, value in report.user_properties if key == PROPERTY]
        if said and said[-1]["verdict"] in _TELLING:
            self._told.add(report.nodeid.rpartition("::")[2].partition("[")[0])

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """One line for each cloud: how many of its testable sentences were judged, and which were not."""
        known = declared_checks()
        for cloud in self._asked:
            testable = [sentence for sentence in cloud.sentences if sentence.requirements]
            lacking = {sentence.id: self._lacking(sentence, known) for sentence in testable}
            missing = [f"{id} ({', '.join(ids)})" for id, ids in lacking.items() if ids]
            told = f"; still open: {', '.join(missing)}" if missing else ""
            terminalreporter.write_line(
                f"{cloud.name}: {len(testable) - len(missing)} of {len(testable)} sentences wholly judged{told}")

    def _lacking(self, sentence: Sentence, known: list[Check]) -> list[str]:
        """The requirements of a sentence about which no check has said anything."""
        return [id for id in sentence.requirements
                if not any(check.name in self._told for check in judges(sentence, id, known))]
