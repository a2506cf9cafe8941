"""The pytest plugin: collects verdicts while the checks run, and swaps in a complete report at the end.

In the controller (or the only process) it claims the place, hands the staging directory to whoever records, takes the
test reports, and publishes. In a worker it only passes on where the staging directory is. A run that is stopped
publishes what it has judged, marked as stopped; one that judges nothing leaves the previous report as it was.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest

from conformance.plugin.desk import DESK
from fixtures.playing.paths import STAGING
from fixtures.sandbox import rooms
from reports.document import facts
from reports.document.compliance import Compliance, Shard
from reports.document.harvest import Harvest
from reports.document.recordings import FOLDER, name_of, worst_stall
from reports.errors import ReportError
from reports.formats import github
from reports.formats.write import SUMMARY
from reports.history import before
from reports.output import ReportDirectory, link_tree

DEFAULT = Path("reports") / "out"
_WORKER_KEY = "sextant_staging"
_ONLY_TELL = ("collectonly", "showfixtures", "show_fixtures_per_test", "setupplan", "cacheshow")

#: The exit status when the report itself could not be written: an error of the suite.
FAILED = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--report-dir`, `--history`, `--single-file`."""
    group = parser.getgroup("sextant")
    group.addoption(
        "--report-dir", metavar="DIR", help=f"where the report goes, in place of the last one (default: {DEFAULT})"
    )
    group.addoption(
        "--history", metavar="FILE", help="the file that remembers all runs (default: history.jsonl in the report)"
    )
    group.addoption("--single-file", action="store_true", help="write the report as one HTML file, too, to mail it")


def pytest_configure(config: pytest.Config) -> None:
    """Be there when this run is to be reported: checks are asked for, or the report is."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        if _WORKER_KEY in worker:
            config.stash[STAGING] = Path(worker[_WORKER_KEY])
    elif _is_reported(config):
        config.pluginmanager.register(Reporter(config, ReportDirectory(_place(config))), "sextant-reporter")


@pytest.hookimpl(optionalhook=True)
def pytest_sextant_keeps(config: pytest.Config) -> Iterable[Path] | None:
    """The report's place has to be seen from within the sandbox, and its sibling too; so has the history."""
    if not _is_reported(config):
        return None
    parent = _place(config).parent
    if os.path.realpath(parent) in map(os.path.realpath, rooms.EMPTIED):
        raise pytest.UsageError(
            f"--report-dir {_place(config)}: {parent} is private to the run; name a folder one level below, or"
            " elsewhere"
        )
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise pytest.UsageError(f"--report-dir {_place(config)}: {parent}: {error.strerror}") from error
    named = config.getoption("history", None)
    return [parent, *([(config.invocation_params.dir / named).parent] if named else [])]


def _is_reported(config: pytest.Config) -> bool:
    if any(config.getoption(name, None) for name in _ONLY_TELL):
        return False
    if config.getoption("report_dir", None):
        return True
    law_room = config.rootpath / "conformance"
    asked = [(config.invocation_params.dir / each.partition("::")[0]).resolve() for each in config.args]
    return any(each.is_relative_to(law_room) or law_room.is_relative_to(each) for each in asked)


def _place(config: pytest.Config) -> Path:
    chosen = config.getoption("report_dir", None)
    return config.invocation_params.dir / chosen if chosen else config.rootpath / DEFAULT


class Reporter:
    """One run's report, from the claim of its place to its last page."""

    def __init__(self, config: pytest.Config, directory: ReportDirectory) -> None:
        self._config, self._directory = config, directory
        self._harvest = Harvest()
        self._selected: set[str] = set()
        self._stopped: str | None = None
        self._published = False
        self._interrupted = False
        self._trouble: ReportError | None = None
        self._shard: Shard | None = None
        self._annotations: list[str] = []
        self._failures: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Claim the place before anything is played."""
        try:
            self._directory.claim()
        except ReportError as error:
            raise pytest.UsageError(str(error)) from error
        self._config.stash[STAGING] = self._directory.staging

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a pytest-xdist worker where the recordings are."""
        node.workerinput[_WORKER_KEY] = str(self._directory.staging)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the cells that are asked for."""
        self._selected.update(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Count them where only the workers collect."""
        self._selected.update(ids)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what cannot be collected."""
        self._harvest.take_collection(report)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a check found."""
        self._harvest.take(report)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """A run that stopped (`-x`) or was stopped reports what it judged; one that gave up has no report."""
        if issubclass(excinfo.type, pytest.exit.Exception):
            self._interrupted = True
        elif excinfo.type is not KeyboardInterrupt:
            self._stopped = str(excinfo.value)

    def pytest_internalerror(self) -> None:
        """Neither has one that pytest gave up."""
        self._interrupted = True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write everything into the staging directory and swap it in."""
        # Only here, so that no worker and no start waits for the catalogue and the templates' engine.
        from conformance.selection.sharding import note_of

        self._shard = cast(Shard | None, note_of(self._directory.staging)) if self._directory.claimed else None
        idle = self._shard is not None and self._shard["selected"] > 0 and not self._selected
        if self._interrupted or not (self._harvest or idle):
            return
        from reports.build import build
        from reports.terminal import failures

        desk = self._config.stash.get(DESK, None)
        by_somebody, by_itself = desk.stopped if desk else "", str(session.shouldfail or session.shouldstop or "")
        self._stopped = by_somebody or self._stopped or by_itself or None
        try:
            self._bring_recordings()
            self._bring_captures()
            document = self._document()
            build(
                document,
                self._directory.staging,
                previous=None if self._shard else before.previous(self._directory.path),
                history=self._history(),
                one_file=self._config.getoption("single_file", False),
            )
            self._directory.publish()
            self._tell_github(document)
            self._failures = list(failures(document, self._path_text(self._directory.path / "index.html")))
            self._published = True
        except ReportError as error:
            self._trouble = error
            session.exitstatus = FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Say where the report is, as the last lines of the run, or why there is none; then let the next run in.

        Allure's page is made here, after everything else has been said, since nobody has to wait for it.
        """
        if self._trouble:
            self._say(f"ERROR: {self._trouble}", red=True)
        elif self._published:
            from reports.allure import page as allure_page

            for line in self._failures if self._config.get_verbosity() >= 0 else ():
                self._say(line)
            self._say(f"report: {self._path_text(self._directory.path / 'index.html')}")
            for line in self._annotations:
                self._say(line)
            made = allure_page.generate(self._directory.path)
            self._say(f"allure: {self._path_text(Path(made))}" if os.path.isabs(made) else made)
        elif self._harvest:
            self._say("no report: the run was given up; the previous report, if any, is kept")
        if self._directory.claimed:
            self._directory.discard()
            self._directory.release()

    def _document(self) -> Compliance:
        from reports.document import catalogue_rows
        from reports.document.sentences import judge_sentences

        config = self._config
        workers = config.getoption("tx", None) or []
        run = facts.run_facts([str(each) for each in config.invocation_params.args], max(1, len(workers)))
        run["selected"] = len(self._selected)
        run["stopped"] = self._stopped
        if self._shard:
            run["shard"] = self._shard
        run["stall_s"] = worst_stall(self._directory.staging / FOLDER)
        desk = config.stash.get(DESK, None)
        if desk and desk.disturbed:
            run["played_again"] = [{"recording": id, "reason": reason} for id, reason in sorted(desk.disturbed.items())]
        requirements, verdicts = catalogue_rows.requirements(), self._harvest.verdicts
        return {
            "schema": 1,
            "run": run,
            "families": catalogue_rows.families(),
            "requirements": requirements,
            "clouds": catalogue_rows.clouds(),
            "sentences": judge_sentences(catalogue_rows.sentences(), requirements, verdicts),
            "verdicts": verdicts,
            "figures": self._harvest.figures,
        }

    def _history(self) -> Path | None:
        """The history file that this run continues; without `--history` a copy of the last report's."""
        named = self._config.getoption("history", None)
        if named:
            return Path(self._config.invocation_params.dir, named)
        if not self._shard:
            before.carry(self._directory.path, self._directory.staging)
        return None

    def _tell_github(self, document: Compliance) -> None:
        """In a GitHub workflow: annotations, and the summary on the job's page."""
        if not github.is_here():
            return
        self._annotations = list(github.commands(document))
        page = os.environ.get("GITHUB_STEP_SUMMARY")
        if page:
            try:
                with open(page, "a", encoding="utf-8") as file:
                    file.write((self._directory.path / SUMMARY).read_text(encoding="utf-8"))
            except OSError as error:
                self._annotations.append(f"::warning::the job's summary cannot be written: {error.strerror}")

    def _bring_captures(self) -> None:
        """Captures of other origin: the report keeps them beside it, under the names that its verdicts give them."""
        desk = self._config.stash.get(DESK, None)
        try:
            for name, path in (desk.source.files() if desk else {}).items():
                (self._directory.staging / FOLDER).mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, self._directory.staging / FOLDER / name)
        except OSError as error:
            raise ReportError(f"cannot keep the captures with the report: {error.strerror}") from error

    def _bring_recordings(self) -> None:
        """Judged again from saved recordings: the report keeps them beside it, and its own older ones it keeps all."""
        given = self._config.getoption("recordings", None)
        if not given or not (source := Path(self._config.invocation_params.dir, given)).is_dir():
            return
        wanted = {name_of(each["recording"]) for each in self._harvest.verdicts if each["recording"]}
        own = source.resolve() == (self._directory.path / FOLDER).resolve()
        try:
            for entry in source.iterdir():
                if not entry.name.startswith(".") and (own or entry.name.removesuffix(".zip") in wanted):
                    link_tree(entry, self._directory.staging / FOLDER / entry.name)
        except OSError as error:
            raise ReportError(f"cannot keep the recordings of {source} with the report: {error.strerror}") from error

    def _say(self, text: str, **markup: bool) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal.write_line(text, **markup)

    def _path_text(self, path: Path) -> str:
        here = self._config.invocation_params.dir
        return str(path.relative_to(here) if path.is_relative_to(here) else path)
