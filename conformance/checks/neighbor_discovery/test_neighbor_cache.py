"""The neighbor cache as a table: what NS, NA, RA, RS and Redirect make of an entry in each state."""

from __future__ import annotations

from conformance.broken.caching_hosts import DEAF, GULLIBLE, SUSPICIOUS
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.neighbor_cache import by_rfc, entry_after, story
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import transport
from fixtures.scenarios.neighbor_discovery.cache_cases import CASES, TABLES, Case
from fixtures.scenarios.neighbor_discovery.neighbor_cache import LAST, NeighborCache

#: The requirement that a part belongs to, by the message.
REQUIREMENTS = {"NDP-04": ("NA",), "NDP-06": ("NS", "RS"), "NDP-17": ("RA",), "NDP-18": ("Redirect",)}


def _table(name: str, requirement: str) -> list[str]:
    return [key for key, case in TABLES[name].items() if case.message.kind in REQUIREMENTS[requirement]]


@check("NDP-04", NeighborCache(table="advertisements"), role="guest", parts=_table("advertisements", "NDP-04"))
@check("NDP-04", NeighborCache(table="doubted"), role="guest", parts=_table("doubted", "NDP-04"))
@check("NDP-03", NeighborCache(table="invalid"), role="guest", parts=TABLES["invalid"])
@check("NDP-06", NeighborCache(table="solicitations"), role="guest", parts=_table("solicitations", "NDP-06"))
@check("NDP-17", NeighborCache(table="solicitations"), role="guest", parts=_table("solicitations", "NDP-17"))
@check("NDP-18", NeighborCache(table="redirects"), role="guest", parts=_table("redirects", "NDP-18"))
def test_keeps_its_neighbor_cache_by_the_table(recording: Recording, notebook: Notebook, part: str) -> None:
    """A message leaves the entry of its neighbor as the RFC says (RFC 4861 sections 6.3.4, 7.2.3, 7.2.5 and 8.3).

    The guest's next packet to the neighbor shows the address that it has. After it a STALE entry is probed
    DELAY_FIRST_PROBE_TIME later, a PROBE one at once, and a REACHABLE one not at all.
    """
    case = CASES[part]
    told = story(recording, notebook, case)
    notebook.cite(told.message, told.asked)
    found, right = entry_after(told, notebook, case), by_rfc(case)
    notebook.expect(found == right,
                    f"after the message the guest {found.in_words(case)}; by the RFC it {right.in_words(case)}")
    notebook.finding = f"after the message the guest {found.in_words(case)}"


def _other_than(case: Case) -> str:
    return f"by the RFC it {by_rfc(case).in_words(case)}"


def _breaker(case: Case) -> str:
    """Which broken host fails a case: one that learns nothing, or too much, or the wrong thing."""
    right = by_rfc(case)
    if case.message.fault == "multicast-target" and case.message.kind != "NS":  # who believes it knows a group
        return ""
    if right.state == "unknown" or (right.link_layer == "same" and right.state == case.state != "reachable"):
        return "gullible"
    return "suspicious" if right == ("reachable", "same") and case.state == "reachable" else "deaf"


BECAUSE = {name: {key: _other_than(case) for key, case in CASES.items() if _breaker(case) == name}
           for name in ("deaf", "gullible", "suspicious")}
TABLE_OF = {key: name for name, table in TABLES.items() for key in table}


@played(test_keeps_its_neighbor_cache_by_the_table, because=BECAUSE["deaf"])
def host_that_learns_nothing_new(part: str) -> Broken:
    return Broken(NeighborCache(table=TABLE_OF[part]), {"guest": DEAF})


@played(test_keeps_its_neighbor_cache_by_the_table, because=BECAUSE["gullible"])
def host_that_believes_everybody(part: str) -> Broken:
    return Broken(NeighborCache(table=TABLE_OF[part]), {"guest": GULLIBLE})


@played(test_keeps_its_neighbor_cache_by_the_table, because=BECAUSE["suspicious"])
def host_that_doubts_everybody(part: str) -> Broken:
    return Broken(NeighborCache(table=TABLE_OF[part]), {"guest": SUSPICIOUS})


@edited(test_keeps_its_neighbor_cache_by_the_table, because="by the RFC it has",
        parts=["redirect-stale-multicast-target", "na-stale-multicast-target"])
def host_that_believes_half_of_it(recording: Recording, part: str) -> Recording:
    """It takes the link-layer address for that of who asks next."""
    case = CASES[part]
    sent = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=True)
    mine = [each for each in sent if each.destination == case.address and each.sequence == LAST]
    other = bytes.fromhex(case.mac("other").replace(":", ""))
    return editing.with_bytes(recording, mine, lambda data: other + data[6:])
