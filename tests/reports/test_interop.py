"""Who works with whom: a square for each guest on each network."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from reports.document.compliance import Compliance
from reports.interop import grid
from reports.matrix import named
from reports.page import render
from tests.reports.synthetic import document

NETWORKS = (("bird", "kea"), ("dnsmasq", "dnsmasq"), ("radvd", "kea"))
GUESTS = ("dhcpcd", "ipxe")


def matrix() -> Compliance:
    """Three verdicts for each pair; a failure and a doubt are among them."""
    made = document(1)
    verdicts = []
    for router, server in NETWORKS:
        for guest in GUESTS:
            for number in range(3):
                verdict = deepcopy(made["verdicts"][0])
                verdict["implementations"] = {
                    "guest": {"name": guest, "version": "1"}, "router": {"name": router, "version": "1"},
                    "dhcpv6-server": {"name": server, "version": "1"}}
                verdict["test"] = f"conformance/test_ra.py::test_{number}[{router}+{server}-{guest}]"
                verdict["verdict"] = "pass"
                verdicts.append(verdict)
    verdicts[1]["verdict"], verdicts[4]["verdict"], verdicts[5]["verdict"] = "fail", "not-run", "inconclusive"
    return {**made, "verdicts": verdicts}


def test_squares_tell_the_worst_and_how_many_pass() -> None:
    made = matrix()
    found = grid(named(made["verdicts"]))
    assert found is not None
    assert (found.guests, found.networks) == (list(GUESTS), [("bird", "kea"), ("dnsmasq",), ("radvd", "kea")])
    square = found.squares["dhcpcd", ("bird", "kea")]
    assert (square.worst.verdict["verdict"], square.counts["pass"], square.judged) == ("fail", 2, 3)
    assert square.told == "1 fail, 2 pass"
    square = found.squares["ipxe", ("bird", "kea")]
    assert (square.worst.verdict["verdict"], square.counts["pass"], square.judged) == ("inconclusive", 1, 1)


def test_the_page_leads_to_the_worst(tmp_path: Path) -> None:
    made = matrix()
    page = render(made, tmp_path)
    found = grid(named(made["verdicts"]))
    assert found is not None
    for square in found.squares.values():
        assert f'href="#{square.worst.anchor}"' in page
    assert "2 of 3" in page and "Who works with whom" in page


def test_nothing_to_compare_is_no_grid(tmp_path: Path) -> None:
    made = matrix()
    alone = {**made, "verdicts": made["verdicts"][:3]}
    assert grid(named(alone["verdicts"])) is None
    assert "Who works with whom" not in render(alone, tmp_path)  # type: ignore[arg-type]
