"""What becomes of a neighbor cache entry by the RFCs, and what the link shows of it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from conformance.judging.verdict import Notebook
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.ndp import NeighborSolicitation
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.neighbor_discovery.cache_cases import KNOWN, Case, LinkLayer
from fixtures.scenarios.neighbor_discovery.neighbor_cache import FIRST, LAST, MOVED
from fixtures.timers import DELAY_FIRST_PROBE_TIME
from topologies.stage import addressing as plan

#: Seconds after the guest's packet: a probe before that continues the PROBE state, one after it ends a DELAY.
CONTINUES = DELAY_FIRST_PROBE_TIME / 2


class Entry(NamedTuple):
    """An entry as the link shows it: which link-layer address is used, and whether and when it is doubted.

    `unknown` is an entry without an address: NONE or INCOMPLETE, the neighbor is solicited first.
    """

    state: Literal["unknown", "reachable", "stale", "probe"]
    link_layer: LinkLayer = ""

    def in_words(self, case: Case) -> str:
        """In words."""
        if self.state == "unknown":
            return "has no link-layer address for it"
        return f"has {case.mac(self.link_layer or 'before')} for it, {self.state.upper()}"


def by_rfc(case: Case, *, router: bool = False) -> Entry:
    """The entry after the message: RFC 4861 sections 6.2.6 (RS), 6.3.4 (RA), 7.2.3 (NS), 7.2.5 (NA), 8.3 (Redirect).

    A router takes an RS as hosts take an NS. An entry that stays NONE or INCOMPLETE is unknown; one that is made or
    gets another address is STALE, unless an NA that was asked for confirms it.
    """
    state, said = case.state, case.message
    unchanged = Entry(state, "same") if state in KNOWN else Entry("unknown")  # type: ignore[arg-type]
    if said.fault or (said.kind == "RS" and not router):
        return unchanged
    if said.kind != "NA":
        return Entry("stale", "other") if said.link_layer == "other" else unchanged
    if state == "none" or (state == "incomplete" and not said.link_layer):
        return unchanged
    if state == "incomplete":
        return Entry("reachable" if said.solicited else "stale", "other")
    if said.link_layer == "other" and not said.override:
        return Entry("stale", "same") if state == "reachable" else unchanged
    if said.solicited:
        return Entry("reachable", said.link_layer or "same")
    return Entry("stale", "other") if said.link_layer == "other" else unchanged


class Story(NamedTuple):
    """What was seen of one neighbor: the message, the question after it, and what the guest sent later."""

    message: Frame
    asked: Echo
    replies: list[Echo]
    solicited: list[NeighborSolicitation]


def story(recording: Recording, notebook: Notebook, case: Case) -> Story:
    """The story of a neighbor, as far as it went as planned; inconclusive where the entry was not in the state."""
    node = recording.play.nodes.get("guest") or recording.play.nodes["compute-host"]
    came, went = (list(recording.at(node, outgoing=way)) for way in (False, True))
    requests = [each for each in transport.echoes(came, reply=False) if each.source == case.address]
    asked = notebook.stimulus([each for each in requests if each.sequence == LAST],
                              f"nothing was said of {case.address}")[0]
    message = [frame for frame in came if frame.ns <= asked.frame.ns and frame is not asked.frame][-1]
    replies = [each for each in transport.echoes(went, reply=True) if each.destination == case.address]
    if case.message.kind == "Redirect":
        routed = [each for each in transport.echoes(went, reply=True)
                  if each.destination == plan.OUTSIDE and _mac(each.frame) == plan.mac_of("peer", "eth0")]
        notebook.stimulus(routed, "the guest did not send by way of the router that redirects it")
    sought = [each for each in ndp.neighbor_solicitations(went) if each.target == case.address]
    _expect_state(notebook, case, [each for each in replies if each.frame.ns < message.ns],
             [each for each in sought if each.frame.ns < message.ns])
    return Story(message, asked, [each for each in replies if each.frame.ns >= message.ns],
                 [each for each in sought if each.frame.ns >= message.ns])


def _expect_state(notebook: Notebook, case: Case, replies: list[Echo], sought: list[NeighborSolicitation]) -> None:
    """The entry was brought into the state that the case begins with."""
    def expect_answer(number: int, mac: str) -> None:
        notebook.stimulus([each for each in replies if each.sequence == number and _mac(each.frame) == mac],
                          f"the answer to {case.address} did not go to {mac}, as the neighbor had told it")

    if case.state in KNOWN:
        expect_answer(FIRST, case.mac("same" if case.state == "reachable" else "before"))
    if case.state == "probe":
        expect_answer(MOVED, case.mac("same"))
    if case.state in ("incomplete", "probe"):
        probed = [each for each in sought if each.destination.is_multicast is (case.state == "incomplete")]
        notebook.stimulus(probed, f"nobody solicited {case.address}")


def _mac(frame: Frame) -> str:
    return frame.data[:6].hex(":")


def entry_after(story: Story, notebook: Notebook, case: Case) -> Entry:
    """The entry after the message, as the guest's packets show it."""
    answer = [each for each in story.replies if each.sequence == LAST]
    if not answer:
        notebook.expect(story.solicited, f"it neither answered {case.address} nor looked for it", story.asked)
        notebook.cite(story.solicited[0])
        return Entry("unknown")
    notebook.cite(answer[0])
    used = _mac(answer[0].frame)
    if case.state in ("stale", "probe"):
        notebook.stimulus([each for each in answer if used != case.mac("before")],
                          f"it did not hear that {case.address} had moved")
    known: dict[str, LinkLayer] = {case.mac("same"): "same", case.mac("other"): "other"}
    before = answer[0].frame.ns if case.state != "probe" else story.message.ns
    probes = [each for each in story.solicited
              if each.frame.ns >= before and not each.destination.is_multicast and _mac(each.frame) == used]
    notebook.cite(*probes[:1])
    if not probes:
        return Entry("reachable", known.get(used, ""))
    late = probes[0].time - answer[0].time >= CONTINUES
    return Entry("stale" if late else "probe", known.get(used, ""))


