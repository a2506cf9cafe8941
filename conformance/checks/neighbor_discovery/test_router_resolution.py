"""How a router finds the next hop of what it forwards, and answers for the anycast address of its link."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.clocks import early
from fixtures.protocols.addresses import solicited_node
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import NeighborAdvertisement, NeighborSolicitation
from fixtures.scenarios.neighbor_discovery.router_faults import ANYCAST, ANYCAST_SEEKER, RouterFaults
from fixtures.scenarios.router_discovery.router_redirects import SECOND, WAYS, RouterRedirects
from fixtures.scenarios.routing.router_questions import NOBODY
from fixtures.scenarios.routing.router_talk import RouterTalk
from fixtures.timers import MAX_ANYCAST_DELAY_TIME, MAX_MULTICAST_SOLICIT, RETRANS_TIMER
from topologies.stage import addressing as plan

#: The kernel's timers run in steps of 1/8 of their length.
COARSE = 1 / 8
#: Seconds in which a packet is sent that waited for an answer.
RELEASED = 0.5
HOP_LIMIT = 255


def _solicitations(recording: Recording) -> list[NeighborSolicitation]:
    """The router's solicitations of who is not there, on the link behind it."""
    return [each for each in ndp.neighbor_solicitations(recording.at("router", "up0", outgoing=True))
            if each.target == NOBODY]


@check("NDP-21", RouterTalk(), role="compute-host", parts=("destination", "form", "three-times", "spacing"))
def test_router_solicits_the_destination(recording: Recording, notebook: Notebook, part: str) -> None:
    """A destination on a link of the router's is solicited there, three times, a second apart (RFC 4861 7.2.2)."""
    came = [frame for frame in recording.at("router", "lan0", outgoing=False) if frame.data[38:54] == NOBODY.packed]
    packet = notebook.stimulus(came, "no packet for a destination that is not there reached the router")[0]
    asked = _solicitations(recording)
    notebook.expect(asked, f"the router did not solicit {NOBODY}", packet)
    notebook.cite(packet, *asked)
    if part == "form":
        for each in asked:
            right = each.destination == solicited_node(NOBODY) and each.hop_limit == HOP_LIMIT
            notebook.expect(right and each.sllao == each.mac_source,
                            f"the router's solicitation went to {each.destination} with hop limit {each.hop_limit} and"
                            f" SLLAO {each.sllao}", each)
            mine = each.source.is_link_local or each.source in (plan.OUTSIDE_ROUTER, plan.LAN_ROUTER)
            notebook.expect(mine, f"the router's solicitation comes from {each.source}", each)
    elif part == "three-times":
        notebook.expect(len(asked) == MAX_MULTICAST_SOLICIT,
                        f"the router solicited {NOBODY} {len(asked)} times, not three times", *asked)
    elif part == "spacing":
        notebook.stimulus(asked[1:], f"the router did not solicit {NOBODY} twice")
        for one, two in pairwise(asked):
            apart = two.time - one.time
            notebook.expect(apart >= RETRANS_TIMER - early(recording),
                            f"the router sent two solicitations {apart:.3f} s apart; RetransTimer is 1 s", one, two)
            notebook.in_time(apart, RETRANS_TIMER * (1 + COARSE), "the router sent the next solicitation late", one,
                             two)
    notebook.finding = f"{len(asked)} solicitations for {NOBODY}"


def _sought(recording: Recording) -> list[NeighborSolicitation]:
    return ndp.neighbor_solicitations(recording.at("router", "lan0", outgoing=True))


@check("NDP-21.next-hop", RouterRedirects(), role="compute-host")
def test_router_solicits_the_next_hop(recording: Recording, notebook: Notebook) -> None:
    """For a destination behind another router that router is solicited, not the destination (RFC 4861 5.2)."""
    to = WAYS["to-next-hop"].to
    came = [frame for frame in recording.at("router", "lan0", outgoing=False) if frame.data[38:54] == to.packed]
    notebook.cite(notebook.stimulus(came, "the packet did not reach the router")[0])
    asked = [each for each in _sought(recording) if each.target == SECOND]
    wrong = [each for each in _sought(recording) if each.target == to]
    notebook.expect(not wrong, f"the router solicited the destination {to}, which is not on its link", *wrong)
    notebook.expect(asked, f"the router did not solicit {SECOND}")
    notebook.cite(asked[0])


@check("NDP-21.released", RouterRedirects(), role="compute-host")
def test_router_sends_what_waited(recording: Recording, notebook: Notebook) -> None:
    """The packet that waits for address resolution is forwarded when the answer comes (RFC 4861 section 7.2.2)."""
    to = WAYS["to-destination"].to
    asked = notebook.stimulus([each for each in _sought(recording) if each.target == to],
                              f"the router did not have to solicit {to}")
    answers = [each for each in ndp.neighbor_advertisements(recording.at("router", "lan0", outgoing=False))
               if each.target == to]
    answer = notebook.stimulus(answers, f"{to} did not answer")[0]
    notebook.cite(asked[0], answer)
    sent = _forwarded_to(recording)
    notebook.expect(sent, "the router did not forward the packet that waited for address resolution", asked[0], answer)
    right = sent[0].data[:6].hex(":") == answer.tllao
    notebook.expect(right, f"the router forwarded it to {sent[0].data[:6].hex(':')}", answer, sent[0])
    notebook.in_time(sent[0].time - answer.time, RELEASED, "the router forwarded the packet that waited late", answer,
                     sent[0])


def _forwarded_to(recording: Recording) -> list[Frame]:
    way = WAYS["to-destination"]
    return [frame for frame in recording.at("router", "lan0", outgoing=True)
            if frame.data[38:54] == way.to.packed and way.tag in frame.data]


@check("NDP-21.anycast", RouterFaults(), role="compute-host")
def test_router_answers_for_the_anycast_address(recording: Recording, notebook: Notebook) -> None:
    """A solicitation for the subnet-router anycast address gets an NA with O=0 (RFC 4861 section 7.2.7).

    It should come after a random delay of at most MAX_ANYCAST_DELAY_TIME, 1 s.
    """
    asked = [each for each in ndp.neighbor_solicitations(recording.at("router", "lan0", outgoing=False))
             if each.target == ANYCAST]
    question = notebook.stimulus(asked, "nobody solicited the anycast address")[0]
    told = _of_anycast(recording)
    notebook.expect(told, f"the router did not answer for {ANYCAST}", question)
    notebook.expect(not told[0].override, "the router's NA for the anycast address has O=1", question, told[0])
    took = told[0].time - question.time
    notebook.in_time(took, MAX_ANYCAST_DELAY_TIME, "the router answered late", question, told[0])
    notebook.finding = f"an NA with O=0 after {took * 1000:.1f} ms"


def _of_anycast(recording: Recording) -> list[NeighborAdvertisement]:
    return [each for each in ndp.neighbor_advertisements(recording.at("router", "lan0", outgoing=True))
            if each.target == ANYCAST and each.destination == ANYCAST_SEEKER]


@edited(test_router_solicits_the_destination, because=f"did not solicit {NOBODY}", parts=["destination"])
def router_that_asks_nobody(recording: Recording) -> Recording:
    return editing.without(recording, frames=_solicitations(recording))


@edited(test_router_solicits_the_destination, because="went to ff02::1 ", parts=["form"])
def router_that_asks_everybody(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet.payload.dst = "ff02::1"

    return editing.rewritten(recording, _solicitations(recording), change)


@edited(test_router_solicits_the_destination, because="2 times, not three times", parts=["three-times"])
def router_that_gives_up_early(recording: Recording) -> Recording:
    return editing.without(recording, frames=_solicitations(recording)[-1])


@edited(test_router_solicits_the_destination, because="s apart", parts=["spacing"])
def router_that_hurries(recording: Recording) -> Recording:
    return editing.shifted(recording, -0.8, frames=_solicitations(recording)[1])


@edited(test_router_solicits_the_next_hop, because="which is not on its link")
def router_that_takes_all_for_neighbors(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("inet6").ICMPv6ND_NS].tgt = str(WAYS["to-next-hop"].to)

    asked = [each for each in _sought(recording) if each.target == SECOND]
    return editing.rewritten(recording, asked, change)


@edited(test_router_sends_what_waited, because="did not forward the packet that waited")
def router_that_forgets_what_waits(recording: Recording) -> Recording:
    return editing.without(recording, frames=_forwarded_to(recording))


@edited(test_router_answers_for_the_anycast_address, because="has O=1")
def router_that_claims_it_alone(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("inet6").ICMPv6ND_NA].O = 1

    return editing.rewritten(recording, _of_anycast(recording), change)
