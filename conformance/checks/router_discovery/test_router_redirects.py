"""A router redirects who has a shorter way, and nobody else."""

from __future__ import annotations

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import Redirect
from fixtures.scenarios.router_discovery.router_redirects import SECOND, THIRD, WAYS, RouterRedirects, Way
from topologies.stage import addressing as plan

#: The router's link-local address.
ROUTER = plan.link_local(plan.mac_of("router", "lan0"))


@check("RA-21", RouterRedirects(), role="compute-host", parts=WAYS)
def test_redirects_who_has_a_shorter_way(recording: Recording, notebook: Notebook, part: str) -> None:
    """What leaves by the interface that it came in by is forwarded, and its sender told of the better next hop.

    RFC 4861 section 8.2: from the router's link-local address, for that destination, only to a neighbor, and never for
    a group. A router does not heed a Redirect itself.
    """
    way = WAYS[part]
    came = notebook.stimulus(_carrying(recording, way, outgoing=False), "the packet did not reach the router")
    went, told = _carrying(recording, way, outgoing=True), _redirects(recording, way)
    notebook.cite(came[0], *went[:1], *told[:1])
    if not way.to.is_multicast:
        notebook.expect(went, f"the router did not forward the packet to {way.to}", came[0])
    if way.better is None:
        _alive(recording, notebook)
        notebook.expect(not told, f"the router redirected {way.source}, which sent to {way.to}", came[0], *told)
        notebook.finding = "the router redirected nobody"
        return
    if part == "heeds-none":
        heard = [each for each in ndp.redirects(recording.at("router", "lan0", outgoing=False)) if each.target == THIRD]
        notebook.cite(*notebook.stimulus(heard, "no Redirect reached the router"))
        right = [each for each in ndp.neighbor_advertisements(recording.at("router", "lan0", outgoing=False))
                 if each.target == SECOND]
        notebook.stimulus(right, "the second router was never resolved")
        notebook.expect(went[0].data[:6].hex(":") == right[0].tllao,
                        f"the router sent the packet to {went[0].data[:6].hex(':')}, as the Redirect told it", went[0])
        notebook.finding = "the router did not heed the Redirect"
        return
    notebook.expect(told, f"the router did not redirect {way.source} to {way.better}", came[0], went[0])
    redirect = told[0]
    notebook.expect(redirect.target == way.better,
                    f"the router redirected {way.source} to {redirect.target}, not to {way.better}", redirect)
    notebook.expect(redirect.source == ROUTER, f"the Redirect comes from {redirect.source}, not {ROUTER}", redirect)
    notebook.finding = f"the router forwarded the packet, and redirected its sender to {way.better}"


def _carrying(recording: Recording, way: Way, *, outgoing: bool) -> list[Frame]:
    """The packet of a way, which is no Redirect that quotes it."""
    return [frame for frame in recording.at("router", outgoing=outgoing)
            if way.tag in frame.data and frame.data[38:54] == way.to.packed]


def _redirects(recording: Recording, way: Way) -> list[Redirect]:
    return [each for each in ndp.redirects(recording.at("router", "lan0", outgoing=True))
            if each.for_destination == way.to]


def _alive(recording: Recording, notebook: Notebook) -> None:
    """The router does redirect where it should."""
    notebook.cite(*notebook.stimulus(_redirects(recording, WAYS["to-destination"]), "the router redirects nobody")[:1])


@edited(test_redirects_who_has_a_shorter_way, because={
    "to-destination": "did not redirect", "to-next-hop": "did not redirect"})
def router_that_keeps_it_for_itself(recording: Recording, part: str) -> Recording:
    return editing.without(recording, frames=_redirects(recording, WAYS[part]))


@edited(test_redirects_who_has_a_shorter_way, because={"to-destination": "did not forward", "to-next-hop": "did not f"})
def router_that_only_redirects(recording: Recording, part: str) -> Recording:
    return editing.without(recording, frames=_carrying(recording, WAYS[part], outgoing=True))


@edited(test_redirects_who_has_a_shorter_way, because={
    "no-neighbor": "redirected 2001:db8:9::", "group": "which sent to ff0e::"})
def router_that_redirects_everybody(recording: Recording, part: str) -> Recording:
    like = _redirects(recording, WAYS["to-destination"])[0]
    packet = layer("l2").Ether(like.frame.data)
    packet[layer("inet6").ICMPv6ND_Redirect].dst = str(WAYS[part].to)
    del packet[layer("inet6").ICMPv6ND_Redirect].cksum
    return editing.with_frame(recording, packet, time=like.time + 1e-3, node="router", interface="lan0", outgoing=True)


@edited(test_redirects_who_has_a_shorter_way, because="as the Redirect told it", parts=["heeds-none"])
def router_that_heeds_it(recording: Recording, part: str) -> Recording:
    went = _carrying(recording, WAYS[part], outgoing=True)
    return editing.with_bytes(recording, went, lambda data: bytes.fromhex("020000003b01") + data[6:])
