"""A Router Solicitation that is not valid is discarded: nobody is answered, and nothing is learnt of its sender."""

from __future__ import annotations

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.peers.neighbor_faults import ROUTER_SEEKERS
from fixtures.protocols.addresses import ALL_NODES
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Mark, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import RouterAdvertisement
from fixtures.scenarios.router_discovery.invalid_solicitations import FAULTS, ROUNDS, InvalidSolicitations, Solicited
from fixtures.timers import MAX_RA_DELAY_TIME, MIN_DELAY_BETWEEN_RAS, TICK

#: Seconds in which an answer comes that is not held back.
ANSWERED = MAX_RA_DELAY_TIME + 0.05
#: Where a solicitation has no sender who could be answered alone.
FROM_NOBODY = "unspecified-with-link-layer"


def _advertisements(recording: Recording) -> list[RouterAdvertisement]:
    return ndp.router_advertisements(recording.at("router", "lan0", outgoing=True))


@check("RA-26", InvalidSolicitations(), role="router", parts=FAULTS)
def test_discards_invalid_router_solicitations(recording: Recording, notebook: Notebook, part: str) -> None:
    """No RA answers a solicitation that is not valid, and no neighbor entry is made of it (RFC 4861 section 6.1.1).

    Hop limit 254, a wrong checksum, code 1, too short, an option of length 0, and from `::` with an SLLAO. A multicast
    RA may be the router's own idea: one that comes both times when an answer would is an answer.
    """
    marks = recording.marked(Solicited)
    asked = notebook.stimulus([mark for mark in marks if mark.what.fault == part][ROUNDS - 1:],
                              "the invalid solicitation was not sent")
    right = notebook.stimulus([mark for mark in marks if mark.what.fault == "none"], "the play ended early")[0]
    told = _advertisements(recording)
    answers = [each for each in told if each.frame.ns > right.ns
               and each.destination in (ALL_NODES, ROUTER_SEEKERS["none"])]
    notebook.cite(right, *notebook.stimulus(answers, "the router did not answer the valid solicitation")[:1])
    source = ROUTER_SEEKERS[part]
    alone = [each for each in told if part != FROM_NOBODY and each.destination == source]
    notebook.expect(not alone, f"the router answered an invalid solicitation ({part})", *asked, *alone)
    sent = [mark for mark in marks if mark.what.fault == part]
    notebook.cite(*sent)
    to_all = [each for each in told if each.destination == ALL_NODES and marks[0].ns < each.frame.ns < right.ns]
    after = [_after(mark, to_all) for mark in sent]
    notebook.expect(not all(after), f"an RA to all nodes followed each invalid solicitation ({part})",
                    *(each for found in after for each in found[:1]))
    made = list(recording.happened("router", "neighbor", dst=str(source)))
    notebook.expect(not made, f"the router made a neighbor entry of an invalid solicitation ({part})", *made)
    notebook.finding = f"the router discarded an invalid solicitation ({part}), and answered the valid one"


def _after(mark: Mark, told: list[RouterAdvertisement]) -> list[RouterAdvertisement]:
    """The RAs that come when an answer would: soon, or as soon as the last one is 3 s ago."""
    last = max((each.time for each in told if each.time <= mark.time), default=float("-inf"))
    due = max(mark.time, last + MIN_DELAY_BETWEEN_RAS - TICK)
    return [each for each in told if mark.time < each.time <= mark.time + ANSWERED or due < each.time <= due + ANSWERED]


@edited(test_discards_invalid_router_solicitations, because={
    part: f"answered an invalid solicitation ({part})" for part in FAULTS if part != FROM_NOBODY})
def router_that_answers_it(recording: Recording, part: str) -> Recording:
    mark = next(mark for mark in recording.marked(Solicited) if mark.what.fault == part)
    return _with_answer(recording, mark, str(ROUTER_SEEKERS[part]))


@edited(test_discards_invalid_router_solicitations, because={
    part: f"followed each invalid solicitation ({part})" for part in FAULTS})
def router_that_answers_it_to_all(recording: Recording, part: str) -> Recording:
    for mark in [mark for mark in recording.marked(Solicited) if mark.what.fault == part]:
        recording = _with_answer(recording, mark, str(ALL_NODES))
    return recording


@edited(test_discards_invalid_router_solicitations, because={
    part: f"made a neighbor entry of an invalid solicitation ({part})" for part in FAULTS if part != FROM_NOBODY})
def router_that_learns_from_it(recording: Recording, part: str) -> Recording:
    mark = next(mark for mark in recording.marked(Solicited) if mark.what.fault == part)
    fields = {"dst": str(ROUTER_SEEKERS[part]), "lladdr": "02:00:00:00:00:99", "state": ["STALE"], "ifname": "lan0"}
    return editing.with_event(recording, KernelEvent(mark.ns + 1000, mark.ns, "router", "neighbor", "new", fields))


def _with_answer(recording: Recording, mark: Mark, to: str) -> Recording:
    """One more RA, right after a mark."""
    like = _advertisements(recording)[0]

    def readdress(packet: object) -> None:
        packet.payload.dst = to  # type: ignore[attr-defined]

    again = editing.rewritten(recording, like, readdress)
    frame = next(frame for frame in again.frames if frame.number == like.frame.number)
    return editing.with_frame(recording, frame.data, time=mark.time + 1e-3, node="router", interface="lan0",
                              outgoing=True)
