"""Neighbor Solicitations that a router discards."""

from __future__ import annotations

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.neighbors import expect_discard, with_answer, with_entry_like
from fixtures.peers.neighbor_faults import FAULTS
from fixtures.recording.model import Recording
from fixtures.scenarios.common.wrong_solicitations import SOLICITOR
from fixtures.scenarios.router_discovery.solicited_router import SolicitedRouter

#: By part, what is wrong with a solicitation; fragments are another requirement's.
INVALID = {f"router-ns-{fault}": fault for fault in FAULTS if "fragment" not in fault}


@check("NDP-03", SolicitedRouter(), role="router", parts=INVALID)
def test_router_discards_invalid_solicitations(recording: Recording, notebook: Notebook, part: str) -> None:
    """A router silently discards a Neighbor Solicitation that is not valid (RFC 4861 section 7.1.1).

    Its kernel tells of its neighbor entries, where that is who keeps them.
    """
    expect_discard(recording, notebook, INVALID[part], "router")


@edited(test_router_discards_invalid_solicitations, because={
    part: f"the router answered an invalid solicitation ({fault})" for part, fault in INVALID.items()})
def router_that_answers_it(recording: Recording, part: str) -> Recording:
    """To all nodes, where nobody says who asks."""
    return with_answer(recording, INVALID[part], "router")


@edited(test_router_discards_invalid_solicitations, because={
    part: f"made a neighbor entry from an invalid solicitation ({fault})" for part, fault in INVALID.items()})
def router_that_learns_from_it(recording: Recording, part: str) -> Recording:
    return with_entry_like(recording, FAULTS[INVALID[part]], SOLICITOR, "router")
