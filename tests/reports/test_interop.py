"""Who works with whom: a square for each guest on each network, with what works first."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from reports.document.cells import named_cells
from reports.document.compliance import Compliance
from reports.site.squares import squares
from tests.reports.synthetic import document

NETWORKS = (("bird", "kea"), ("dnsmasq", "dnsmasq"), ("radvd", "kea"))
GUESTS = ("dhcpcd", "ipxe")


def matrix() -> Compliance:
    """Three verdicts for each pair, each on a play of its own; a failure and a doubt are among them."""
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
                verdict["recording"] = f"play-{router}-{guest}-{number}"
                verdict["verdict"] = "pass"
                verdicts.append(verdict)
    verdicts[1]["verdict"], verdicts[4]["verdict"], verdicts[5]["verdict"] = "fail", "not-run", "inconclusive"
    return {**made, "verdicts": verdicts}


def square(found: dict[str, Any], guest: str, network: str) -> dict[str, Any]:
    told: dict[str, Any] = found["rows"][found["guests"].index(guest)][found["networks"].index(network)]
    return told


def test_a_square_says_what_works_and_how_far_it_conforms() -> None:
    marks = {
        "play-bird-dhcpcd-0": {"address": True, "default route": True, "reached from outside": True},
        "play-bird-dhcpcd-1": {"address": True, "default route": True, "reached from outside": False},
        "play-bird-dhcpcd-2": {"renewed": False},
    }
    found = squares(named_cells(matrix()["verdicts"]), marks)
    assert found is not None
    assert (found["guests"], found["networks"]) == (list(GUESTS), ["bird + kea", "dnsmasq", "radvd + kea"])
    told = square(found, "dhcpcd", "bird + kea")
    assert [each and each[:2] for each in told["marks"]] == [[2, 2], [2, 2], [1, 2], [0, 1], None]
    assert told["marks"][2][2] == "ra-00.1.bird-kea-dhcpcd"  # leads to the play that did not get it
    assert (told["passed"], told["judged"]) == (2, 3)


def test_what_nobody_judged_does_not_count() -> None:
    found = squares(named_cells(matrix()["verdicts"]), {})
    assert found is not None
    told = square(found, "ipxe", "bird + kea")
    assert (told["passed"], told["judged"], told["marks"]) == (1, 1, [None] * 5)


def test_nothing_to_compare_is_no_grid() -> None:
    assert squares(named_cells(matrix()["verdicts"][:3]), {}) is None
