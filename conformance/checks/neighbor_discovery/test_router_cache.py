"""The neighbor cache of a router, by the same table as a guest's, and what solicitations of routers make of it."""

from __future__ import annotations

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.neighbor_cache import by_rfc, entry_after, story
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import transport
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.neighbor_discovery.cache_cases import ROUTER_TABLES, Case
from fixtures.scenarios.neighbor_discovery.neighbor_cache import LAST
from fixtures.scenarios.neighbor_discovery.router_cache import RouterCache

CASES = {key: case for table in ROUTER_TABLES.values() for key, case in table.items()}


@check("NDP-19", RouterCache(table="solicitations"), role="compute-host", parts=ROUTER_TABLES["solicitations"])
@check("NDP-19", RouterCache(table="advertisements"), role="compute-host", parts=ROUTER_TABLES["advertisements"])
@check("NDP-19", RouterCache(table="doubted"), role="compute-host", parts=ROUTER_TABLES["doubted"])
@check("NDP-19", RouterCache(table="router-solicitations"), role="compute-host",
       parts=ROUTER_TABLES["router-solicitations"])
def test_router_keeps_its_neighbor_cache_by_the_table(recording: Recording, notebook: Notebook, part: str) -> None:
    """A message leaves the entry of its neighbor as the RFC says (RFC 4861 sections 6.2.6, 7.2.3 and 7.2.5).

    The router's next packet to the neighbor shows the address that it has. After it a STALE entry is probed
    DELAY_FIRST_PROBE_TIME later, a PROBE one at once, and a REACHABLE one not at all.
    """
    case = CASES[part]
    told = story(recording, notebook, case)
    notebook.cite(told.message, told.asked)
    found, right = entry_after(told, notebook, case), by_rfc(case, router=True)
    notebook.expect(found == right,
                    f"after the message the router {found.in_words(case)}; by the RFC it {right.in_words(case)}")
    notebook.finding = f"after the message the router {found.in_words(case)}"


def _other_than(case: Case) -> str:
    return f"by the RFC it {by_rfc(case, router=True).in_words(case)}"


@edited(test_router_keeps_its_neighbor_cache_by_the_table,
        because={part: _other_than(case) for part, case in CASES.items()})
def router_that_takes_another_address(recording: Recording, part: str) -> Recording:
    """It sends its answer elsewhere, or answers who has to be looked for."""
    case = CASES[part]
    wrong = case.mac("same" if by_rfc(case, router=True).link_layer == "other" else "other")
    mine = [each for each in transport.echoes(recording.at("router", "lan0", outgoing=True), reply=True)
            if each.destination == case.address and each.sequence == LAST]
    if mine:
        return editing.with_bytes(recording, mine, lambda data: bytes.fromhex(wrong.replace(":", "")) + data[6:])
    asked = next(each for each in transport.echoes(recording.at("router", "lan0", outgoing=False), reply=False)
                 if each.source == case.address and each.sequence == LAST)
    inet6 = layer("inet6")
    reply = layer("l2").Ether(src=asked.headers.mac_destination, dst=wrong) / inet6.IPv6(
        src=str(asked.destination), dst=str(asked.source)) / inet6.ICMPv6EchoReply(
        id=asked.identifier, seq=asked.sequence, data=asked.payload)
    return editing.with_frame(recording, reply, time=asked.time + 1e-3, node="router", interface="lan0", outgoing=True)
