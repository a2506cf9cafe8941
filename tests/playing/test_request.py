"""The identity of a play: the same in every process, another one for whatever decides what is played."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fixtures.implementations.registry import UnknownImplementation
from fixtures.playing.request import PlayRequest
from fixtures.situation import Situation
from tests.playing.tiny import Script, Tiny

PRINT_ID = """
from fixtures.playing.request import PlayRequest
from tests.playing.tiny import Tiny
print(PlayRequest(Tiny("a"), {"guest": "linux"}, mutant="it").id)
"""


@dataclass(frozen=True)
class Elsewhere(Tiny):
    """The same play in another network."""

    @property
    def name(self) -> str:
        return "tiny"

    def situation(self) -> Situation:
        return replace(super().situation(), router_lifetime=601)


class NewScript(Script):
    def version(self) -> str:
        return "2"


def test_the_id_is_readable_and_the_same_in_every_process() -> None:
    here = PlayRequest(Tiny("a"), {"guest": "linux"}, mutant="it").id
    assert here.startswith("tiny-linux-")
    for seed in ("1", "2"):
        there = subprocess.run([sys.executable, "-c", PRINT_ID], capture_output=True, text=True, check=True,
                               cwd=Path(__file__).parents[2], env={"PYTHONHASHSEED": seed})
        assert there.stdout.strip() == here


def test_whatever_decides_the_play_decides_the_id() -> None:
    requests = [
        PlayRequest(Tiny("a"), {"guest": "linux"}),
        PlayRequest(Tiny("b"), {"guest": "linux"}),
        PlayRequest(Tiny("a"), {"guest": Script("")}),
        PlayRequest(Tiny("a"), {"guest": NewScript("")}),
        PlayRequest(Tiny("a"), {"guest": "linux"}, mutant="broken"),
        PlayRequest(Tiny("a"), {"guest": "linux"}, mutant="more broken"),
        PlayRequest(Elsewhere("a"), {"guest": "linux"}),
    ]
    assert len({request.id for request in requests}) == len(requests)
    assert PlayRequest(Tiny("a"), {"guest": "linux"}).id == requests[0].id


def test_an_id_is_a_plain_directory_name() -> None:
    odd = Script("")
    odd.name = "a:b"  # type: ignore[misc]
    assert ":" not in PlayRequest(Tiny(), {"guest": odd}).id


def test_an_unknown_implementation_names_the_nearest() -> None:
    with pytest.raises(UnknownImplementation, match='unknown guest "linus": the nearest known is "linux"'):
        _ = PlayRequest(Tiny(), {"guest": "linus"}).id
