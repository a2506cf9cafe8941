"""What stands before a control plane: questions and answers as marks, hands on a node, the simplest allocator."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from typing import Any

import pytest

from fixtures.clouds.asking import CloudAccepted, CloudAsked, CloudRefused, ask
from fixtures.clouds.control_plane import Refused
from fixtures.clouds.hands import Hands
from fixtures.clouds.pool import Pool
from fixtures.programs.base import ProgramError

NETWORK = IPv6Network("2001:db8:1::/64")


class Notes:
    """As much of a live play as questions and hands need."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        self.marks: list[Any] = []
        self.ran: list[list[str]] = []

    def mark(self, moment: Any) -> None:
        self.marks.append(moment)

    def at(self, node: str) -> Notes:
        return self

    def run(self, argv: list[str], *, name: str) -> int:
        self.ran.append(argv)
        return self.status


def test_acceptance_and_refusal_are_marks() -> None:
    live, pool = Notes(), Pool(NETWORK)
    address = ask(live, "allocate", lambda: pool.allocate("vm1"), owner="vm1")  # type: ignore[arg-type]
    assert address == IPv6Address("2001:db8:1::10")
    assert ask(live, "allocate", lambda: pool.allocate("vm2", wanted=address)) is None  # type: ignore[arg-type]
    assert [type(each) for each in live.marks] == [CloudAsked, CloudAccepted, CloudAsked, CloudRefused]
    assert live.marks[-1].reason == "2001:db8:1::10 is in use by vm1"


def test_a_bug_of_the_model_is_no_refusal() -> None:
    with pytest.raises(ZeroDivisionError):
        ask(Notes(), "divide", lambda: 1 // 0)  # type: ignore[arg-type]


def test_pool_refuses_with_the_reason() -> None:
    with pytest.raises(Refused, match="is a /80: the prefix of a network has to be a /64"):
        Pool(IPv6Network("2001:db8:1::/80"))
    pool = Pool(NETWORK)
    with pytest.raises(Refused, match="2001:db8:2::1 is not in 2001:db8:1::/64"):
        pool.allocate("vm1", wanted=IPv6Address("2001:db8:2::1"))
    with pytest.raises(Refused, match="vm1 has no address"):
        pool.release("vm1")


def test_pool_gives_each_address_once_and_again_after_release() -> None:
    pool = Pool(NETWORK)
    given = [pool.allocate(f"vm{number}") for number in range(20)]
    assert len(set(given)) == 20
    pool.release("vm3")
    assert pool.allocate("new", wanted=given[3]) == given[3]
    assert pool.record()[given[3]] == "new"


def test_hands_are_one_transaction_and_never_fail_quietly() -> None:
    live = Notes()
    Hands(live, "host1", "felix").ip("route add one", "route add two")  # type: ignore[arg-type]
    Hands(live, "host1").nft("table inet x {\n}\n")  # type: ignore[arg-type]
    assert [argv[4:] for argv in live.ran] == [["ip -batch -", "route add one", "route add two"],
                                               ["nft -f -", "table inet x {", "}"]]
    with pytest.raises(ProgramError, match=r"the felix of host1 could not do this \(ip\): route add one"):
        Hands(Notes(2), "host1", "felix").ip("route add one")  # type: ignore[arg-type]
