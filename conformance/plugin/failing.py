"""How pytest shows what failed: a verdict as its story, a bug as its traceback with the story below it.

All of it is made of pytest's own pieces, so it passes from a worker to the controller, and pytest's summary and
`--tb=line` find the line and the sentence in it.
"""

from __future__ import annotations

from typing import Any

from _pytest._code.code import (
    ExceptionRepr,
    ReprEntry,
    ReprEntryNative,
    ReprExceptionInfo,
    ReprFileLocation,
    ReprTraceback,
)

from conformance.judging.verdict import Judgement, Outcome
from conformance.plugin.plain import plain
from fixtures.recording.model import TraceLine
from fixtures.recording.traces import as_text

#: The heading above a bug's story.
_TITLE = "conformance"


class Failing(Exception):
    """A verdict that fails a test, where the check itself raised nothing."""


def as_story(judgement: Judgement, story: str, style: str, where: tuple[str, int]) -> Any:
    """The story of a verdict; with `--tb=line` one line of where it was decided, by which summaries name it, too."""
    crash = ReprFileLocation(*where, f"{judgement.outcome}: {plain(judgement.reason)}")
    return ReprExceptionInfo(_only_line(judgement, crash) if style == "line" else _native(f"{story}\n"), crash)


def as_bug(traceback: Any, story: str) -> Any:
    """A traceback as pytest has made it, and the story below it."""
    if isinstance(traceback, ExceptionRepr):
        traceback.addsection(_TITLE, story, "-")
    return traceback


def as_trace(judgement: Judgement, story: str, style: str) -> Any:
    """The traceback that a judgement keeps, in a style of `--tb`, and the story below it."""
    sentence, steps = plain(judgement.reason), judgement.trace
    crash = ReprFileLocation(steps[-1].file, steps[-1].line, sentence)
    if style == "line":
        return ReprExceptionInfo(_only_line(judgement, crash), crash)
    if style == "native":
        shown = _native(f"Traceback (most recent call last):\n{as_text(steps)}{sentence}\n")
        return as_bug(ReprExceptionInfo(shown, crash), story)
    entries = [*(_entry(step, f"in {step.function}") for step in steps[:-1]),
               _entry(steps[-1], sentence, f"E   {sentence}")]
    return as_bug(ReprExceptionInfo(ReprTraceback(entries, None, "short"), crash), story)


def _only_line(judgement: Judgement, crash: ReprFileLocation) -> ReprTraceback:
    """What `--tb=line` shows: pytest itself adds the line to failures, and not to errors."""
    return ReprTraceback([], str(crash) if judgement.outcome is Outcome.ERROR else None, "native")


def _native(text: str) -> ReprTraceback:
    return ReprTraceback([ReprEntryNative([text])], None, "native")


def _entry(step: TraceLine, message: str, *more: str) -> ReprEntry:
    where = ReprFileLocation(step.file, step.line, message)
    return ReprEntry([f"    {step.text}", *more], None, None, where, "short")
