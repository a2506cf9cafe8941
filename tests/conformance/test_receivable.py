"""A guest is judged only by what it may heed: where every host must discard what a router says, that is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.judging.verdict import Notebook, Unjudgeable
from conformance.reading.receivable import believable
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import router_advertisements
from tests.conformance.synthetic import frame, recording

#: What is wrong with an RA, and how it becomes so.
FLAWS: dict[str, Callable[[Any], None]] = {
    "the hop limit 64": lambda packet: setattr(packet[layer("inet6").IPv6], "hlim", 64),
    "the code 1": lambda packet: setattr(packet[layer("inet6").ICMPv6ND_RA], "code", 1),
    "the source 2001:db8::1, which is not link-local":
        lambda packet: setattr(packet[layer("inet6").IPv6], "src", "2001:db8::1"),
    "a flaw: ": lambda packet: packet.lastlayer().add_payload(layer("inet6").Raw(b"\x01\x00" + bytes(6))),
}


def flawed(change: Callable[[Any], None]) -> Recording:
    healthy = recording(frame())
    return editing.rewritten(healthy, router_advertisements(healthy.frames), change)


def test_a_valid_advertisement_is_a_stimulus() -> None:
    whole = flawed(lambda packet: None)
    told = router_advertisements(whole.frames)
    assert believable(told, Notebook(whole), "no RA") == told


def test_no_advertisement_is_no_fault_of_a_router() -> None:
    with pytest.raises(Unjudgeable, match="no RA"):
        believable([], Notebook(recording()), "no RA")


@pytest.mark.parametrize("wrong", FLAWS)
def test_the_router_is_named(wrong: str) -> None:
    whole = flawed(FLAWS[wrong])
    told = router_advertisements(whole.frames)
    with pytest.raises(Unjudgeable) as found:
        believable(told, Notebook(whole), "no RA")
    assert str(found.value).startswith("the router is at fault: the Router Advertisement of ")
    assert f"has {wrong}" in str(found.value)
