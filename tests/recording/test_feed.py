"""Waiting on a feed: from a position, after a moment, until something comes, and never in vain."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from fixtures.recording.feed import Feed, FeedBroken
from fixtures.recording.model import Frame, Mark


def mark(ns: int, name: str) -> Mark:
    """A named moment."""
    return Mark(ns, name)


def feed(*items: Any) -> Feed:
    """A feed that has seen these."""
    made = Feed(time.time_ns())
    made.add(items)
    return made


def test_what_was_seen_already_counts() -> None:
    """The first accepted item from the position on, in order of arrival."""
    seen = feed(mark(1, "a"), mark(2, "b"), mark(3, "b"))
    assert seen.wait(lambda item: item.name == "b", within=0) == mark(2, "b")  # type: ignore[union-attr]
    assert seen.wait(lambda item: item.name == "b", within=0, since=2) == mark(3, "b")  # type: ignore[union-attr]
    assert seen.wait(lambda item: True, within=0, since=seen.cursor) is None


def test_what_happened_before_a_moment_is_no_answer() -> None:
    """Even when it arrives after it."""
    seen = feed(mark(5, "late"), mark(9, "new"))
    assert seen.wait(lambda item: True, within=0, after_ns=5) == mark(9, "new")


def test_who_waits_is_woken() -> None:
    """By what comes from another thread, long before the deadline."""
    seen = feed()
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.append(seen.wait(lambda item: item.ns == 7, within=60)))
    waiting.start()
    seen.add([mark(6, "no")])
    seen.add([mark(7, "yes")])
    waiting.join(30)
    assert found == [mark(7, "yes")]


def test_a_predicate_may_use_the_feed() -> None:
    """It is asked outside the lock."""
    seen = feed(mark(1, "a"))
    assert seen.wait(lambda item: bool(seen.of(Mark)) and not seen.of(Frame), within=0) == mark(1, "a")


def test_a_broken_feed_tells_what_it_has_and_then_why() -> None:
    """Items before the break still count; after them nobody is left to wait."""
    seen = feed(mark(1, "a"))
    seen.fail("the recorder ended")
    assert seen.wait(lambda item: True, within=0) == mark(1, "a")
    with pytest.raises(FeedBroken, match="the recorder ended"):
        seen.wait(lambda item: False, within=60)
