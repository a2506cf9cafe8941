"""Stages are built ahead of their plays, and no play waits for another one's."""

from __future__ import annotations

import threading

import pytest

from fixtures.playing import workshop
from fixtures.playing.request import PlayRequest
from fixtures.playing.workshop import Workshop
from tests.playing.tiny import Tiny

REQUESTS = [PlayRequest(Tiny(str(number)), {"guest": "linux"}) for number in range(6)]


@pytest.fixture(autouse=True)
def two_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "FIRST", 2)


def title(request: PlayRequest) -> str:
    return str(request.scenario.options["title"])


def test_the_first_are_built_before_the_rest() -> None:
    built: list[str] = []

    def build(request: PlayRequest) -> str:
        built.append(title(request))
        return built[-1]

    shop = Workshop(build, REQUESTS)
    assert sorted(built) == ["0", "1"]
    assert [shop.take(request) for request in REQUESTS] == ["0", "1", "2", "3", "4", "5"]
    assert sorted(built) == ["0", "1", "2", "3", "4", "5"], "each is built once"
    shop.close()


def test_out_of_turn() -> None:
    shop = Workshop(title, REQUESTS)
    assert shop.take(REQUESTS[-1]) == "5"
    assert [shop.take(request) for request in REQUESTS[:-1]] == ["0", "1", "2", "3", "4"]
    shop.close()


def test_nothing_is_built_after_the_end() -> None:
    built: list[str] = []
    gate = threading.Event()

    def build(request: PlayRequest) -> str:
        if len(built) >= 2:
            gate.wait()
        built.append(title(request))
        return built[-1]

    shop = Workshop(build, REQUESTS)
    shop.take(REQUESTS[0])
    gate.set()
    shop.close()
    done = len(built)
    assert done <= 3
    with pytest.raises(RuntimeError):
        shop.take(REQUESTS[1])
    assert len(built) == done
