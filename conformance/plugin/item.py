"""A cell as a pytest test of its own kind: its set-up finds the recording, its call is the judgement.

What the check raised is raised again, with its traceback: so `--pdb` stops in the check's line, `--lf`, `-x` and
`--durations` mean what they mean for any test, and a bug is shown as `--tb` says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.judging.verdict import Judgement, Outcome
from conformance.plugin.baseline import as_before
from conformance.plugin.desk import DESK
from conformance.plugin.failing import Failing, as_bug, as_story, as_trace
from conformance.plugin.plain import plain
from conformance.plugin.rulings import PROPERTY, Ruling, as_json, is_red, rule, story_of
from conformance.selection.cells import Cell
from conformance.sources.base import NotPlayed, NotRecorded, NotRun
from fixtures.recording.model import Recording

_RULING: pytest.StashKey[Ruling] = pytest.StashKey()


class CheckItem(pytest.Item):
    """One test: one cell of one check."""

    def __init__(self, *, cell: Cell[Any], parent: pytest.Collector, **more: Any) -> None:
        super().__init__(cell.test, parent, nodeid=f"{parent.nodeid}::{cell.test}", **more)
        self.cell = cell
        self._recording: Recording | None = None
        self._unrecorded = ""

    def setup(self) -> None:
        """Find the recording; a cell that is not judged ends here."""
        desk = self.config.stash[DESK]
        try:
            self._recording = desk.source.recording(self.cell)
        except NotPlayed as reason:
            self._settle(Judgement(Outcome.NOT_APPLICABLE, str(reason)))
        except NotRun as reason:
            self._settle(Judgement(Outcome.NOT_RUN, str(reason)))
        except NotRecorded as error:
            self._unrecorded = str(error)

    def runtest(self) -> None:
        """Judge the cell; its verdict becomes pytest's."""
        __tracebackhide__ = True
        if self._recording is None:
            self._settle(Judgement(Outcome.ERROR, self._unrecorded))
        else:
            self._settle(self.config.stash[DESK].judge(self.cell, self._recording))

    def teardown(self) -> None:
        """Let go of the recording."""
        self._recording = None

    def _settle(self, judgement: Judgement) -> None:
        """Tell the report the verdict, and pytest what it means."""
        __tracebackhide__ = True
        desk = self.config.stash[DESK]
        ruling = rule(self.cell, judgement, self._recording, desk)
        self.stash[_RULING] = ruling
        self.user_properties.append((PROPERTY, as_json(ruling, self.nodeid, desk)))
        outcome, reason, deviation = judgement.outcome, plain(judgement.reason), ruling.deviation
        if outcome in (Outcome.NOT_RUN, Outcome.NOT_APPLICABLE):
            raise pytest.skip.Exception(reason, _use_item_location=True)
        if outcome is Outcome.INCONCLUSIVE and ruling.excuse:
            pytest.xfail(f"{reason} (allowed: {ruling.excuse})")
        if deviation is not None and outcome in (Outcome.FAIL, Outcome.WARN) and is_red(outcome, desk):
            pytest.xfail(f"{reason} (known deviation: {deviation.source})")
        if outcome is Outcome.ERROR or ruling.stale or is_red(outcome, desk):
            if (word := as_before(self.config, self.nodeid, outcome)) is not None and not ruling.stale:
                pytest.xfail(f"{reason} (no worse than in the baseline: {word})")
            raise judgement.cause or Failing(reason)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The story of a red verdict; of a bug its traceback, as `--tb` says, and the story below it."""
        ruling = self.stash.get(_RULING, None)
        if ruling is None:
            return super().repr_failure(excinfo, style)
        judgement, story = ruling.judgement, story_of(ruling, self.config.stash[DESK])
        style = self.config.getoption("tbstyle", "auto")
        if judgement.outcome is Outcome.ERROR and judgement.cause is not None and style not in ("line", "native"):
            return as_bug(super().repr_failure(excinfo, "long" if style == "auto" else style), story)
        if judgement.outcome is Outcome.ERROR and judgement.trace:
            return as_trace(judgement, story, style)
        return as_story(judgement, story, style, self._where(judgement))

    def _where(self, judgement: Judgement) -> tuple[str, int]:
        """The line of the check that decided, else its first."""
        line = self.cell.check.function.__code__.co_firstlineno
        step = judgement.cause.__traceback__ if judgement.cause is not None else None
        while step is not None:
            if step.tb_frame.f_code is self.cell.check.function.__code__:
                line = step.tb_lineno
            step = step.tb_next
        return str(self.path), line

    def _traceback_filter(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        """The traceback from the check on, without pytest's and the judge's own steps; pytest asks for it."""
        if self.config.getoption("fulltrace", False):
            return excinfo.traceback
        code = self.cell.check.function.__code__
        return excinfo.traceback.cut(path=code.co_filename, firstlineno=code.co_firstlineno - 1).filter(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the check is."""
        return self.path, self.cell.check.function.__code__.co_firstlineno - 1, self.name
