"""Rules younger than the capture: whoever spoke before a rule was published broke none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from conformance.judging.verdict import Notebook, Unjudgeable, Violated
from fixtures.captures.clocks import day
from fixtures.captures.parties import SCENARIO
from fixtures.recording.model import Recording

#: When the RFCs were published whose rules are younger than some captures.
PUBLISHED = {
    "RFC 6106": date(2010, 11, 1), "RFC 6980": date(2013, 8, 1), "RFC 7083": date(2013, 11, 1),
    "RFC 8415": date(2018, 11, 1),
}


def captured_on(recording: Recording) -> date | None:
    """The day (UTC) of a capture's first packet; None where its clock was not set, or where it was played."""
    if recording.play.scenario != SCENARIO:
        return None
    return day(recording.started_ns)


@contextmanager
def rule(notebook: Notebook, rfc: str) -> Iterator[None]:
    """What is violated in here is so only since this RFC (one of `PUBLISHED`); before, it cannot be judged."""
    try:
        yield
    except Violated as violated:
        if notebook.recording.play.scenario != SCENARIO:
            raise
        since, when = PUBLISHED[rfc], captured_on(notebook.recording)
        if when is None:
            raise Unjudgeable(f"{violated}; but {rfc}, which forbids it, is of {since:%B %Y}, and the capture has no"
                              " date") from violated
        if when < since:
            raise Unjudgeable(f"{violated}; but {rfc}, which forbids it, is of {since:%B %Y}, and the capture of"
                              f" {when:%-d %B %Y}") from violated
        raise
