"""A router that has been up for a while: none of its addresses is tentative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from fixtures.programs.base import Post, ProgramError
from fixtures.programs.serving import wait_until_settled

LINK_LOCAL = "fe80000000000000000000fffe000001 02 40 20 80 lan0"
TENTATIVE = "20010db8000100000000000000000001 02 40 00 c0 lan0"
GLOBAL = "20010db8000100000000000000000001 02 40 00 80 lan0"
ELSEWHERE = "20010db8000f00000000000000000001 03 40 00 c0 up0"


class Node:
    """A post whose table of addresses is another one at each look."""

    node = "router"

    def __init__(self, *looks: str) -> None:
        self.looks: Iterator[str] = iter(looks)

    def inside(self, job: Any) -> str:
        return next(self.looks)


def test_waits_until_nothing_is_tentative() -> None:
    node = Node(ELSEWHERE, f"{LINK_LOCAL}\n{TENTATIVE}", f"{LINK_LOCAL}\n{GLOBAL}\n{ELSEWHERE}", "too far")
    wait_until_settled(cast(Post, node), "lan0")
    assert list(node.looks) == ["too far"]


def test_gives_up() -> None:
    with pytest.raises(ProgramError, match=r"the addresses of lan0 of router were still tentative after 0 s"):
        wait_until_settled(cast(Post, Node(TENTATIVE)), "lan0", within=0.0)
