"""What ends Duplicate Address Detection, and what must not: messages right and wrong while an address is tentative."""

from __future__ import annotations

from conformance.broken.hosts import ScriptedGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.peers.habits import Habits
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import NeighborAdvertisement
from fixtures.scenarios.slaac.dad_cases import CASES, Case
from fixtures.scenarios.slaac.disturbed_dad import DisturbedDad, Solicited, probed_address
from fixtures.scenarios.slaac.router_dad import RouterDad

ENDING = [key for key, case in CASES.items() if case.ends]
#: What a host takes for a conflict that looks at no more than target and source.
TAKEN = [key for key, case in CASES.items()
         if not case.ends and case.form not in ("short", "multicast-target", "other-target")]


def _owner(recording: Recording) -> str:
    """The node whose address it is."""
    return recording.play.nodes.get("guest") or recording.play.nodes["compute-host"]


@check("SLAAC-18", DisturbedDad(kind="ns"), role="guest", parts=[key for key in CASES if CASES[key].kind == "ns"])
@check("SLAAC-18", DisturbedDad(kind="na"), role="guest", parts=[key for key in CASES if CASES[key].kind == "na"])
def test_ends_detection_only_for_a_conflict(recording: Recording, notebook: Notebook, part: str) -> None:
    """A valid NA or DAD NS for a tentative address keeps it from being assigned; anything else does not.

    RFC 4862 sections 5.4.3 and 5.4.4: an invalid message is discarded (RFC 4861 sections 7.1.1 and 7.1.2), and what is
    reserved or unknown in a valid one is ignored. An address that is assigned is answered for.
    """
    _judge(recording, notebook, part)


@check("SLAAC-20", RouterDad(kind="ns"), role="compute-host", parts=[key for key in CASES if CASES[key].kind == "ns"])
@check("SLAAC-20", RouterDad(kind="na"), role="compute-host", parts=[key for key in CASES if CASES[key].kind == "na"])
def test_router_ends_detection_only_for_a_conflict(recording: Recording, notebook: Notebook, part: str) -> None:
    """A router detects duplicates of the addresses that it is given by hand, as hosts do (RFC 4862 section 5.4)."""
    _judge(recording, notebook, part)


def _judge(recording: Recording, notebook: Notebook, part: str) -> None:
    case, who = CASES[part], _owner(recording)
    address = probed_address(list(recording.at(_owner(recording))), case)
    notebook.stimulus([address] if address else [], f"the {who} formed no address in {case.prefix}")
    probes = [each for each in ndp.neighbor_solicitations(recording.at(_owner(recording), outgoing=True))
              if each.dad and each.target == address]
    said = [frame for frame in recording.at(_owner(recording), outgoing=False)
            if frame.data[6:12].hex(":") == case.mac and frame.ns >= probes[0].frame.ns]
    asked = [mark for mark in recording.marked(Solicited) if mark.what.part == part]
    notebook.stimulus(asked, "the address was not solicited")
    message = notebook.stimulus([frame for frame in said if frame.ns < asked[0].ns], "nobody spoke of the address")
    question = notebook.stimulus([frame for frame in said if frame.ns >= asked[0].ns], "nobody solicited the address")
    notebook.cite(probes[0], message[0], question[0])
    answers = _answers(recording, case)
    if case.ends:
        notebook.expect(not answers, f"the {who} answers for {address}, which another has as well", *answers[:1])
    else:
        notebook.expect(answers, f"the {who} does not answer for {address}, which nobody else has")
        notebook.cite(answers[0])
    notebook.finding = f"the {who} {'does not use' if case.ends else 'uses'} the address"


def _answers(recording: Recording, case: Case) -> list[NeighborAdvertisement]:
    return [each for each in ndp.neighbor_advertisements(recording.at(_owner(recording), outgoing=True))
            if each.target in case.prefix and each.destination == case.rival]


@played(test_ends_detection_only_for_a_conflict, because="which another has as well", parts=ENDING)
def host_that_insists(part: str) -> Broken:
    habits = Habits(heeds_conflicts=False)
    return Broken(DisturbedDad(kind=CASES[part].kind), {"guest": ScriptedGuest("host:insists", habits=habits)})


@played(test_ends_detection_only_for_a_conflict, because="which nobody else has", parts=TAKEN)
def host_that_checks_nothing(part: str) -> Broken:
    """It looks at the target and at nothing else."""
    return Broken(DisturbedDad(kind=CASES[part].kind), {"guest": ScriptedGuest("host:credulous")})


@edited(test_router_ends_detection_only_for_a_conflict, because="which another has as well", parts=ENDING)
def router_that_insists(recording: Recording, part: str) -> Recording:
    """It answers all the same."""
    case, inet6 = CASES[part], layer("inet6")
    question = [frame for frame in recording.at("router", "lan0", outgoing=False)
                if frame.data[6:12].hex(":") == case.mac][-1]
    address = str(probed_address(list(recording.at("router")), case))
    answer = layer("l2").Ether(dst=case.mac) / inet6.IPv6(src=address, dst=str(case.rival), hlim=255) / (
        inet6.ICMPv6ND_NA(tgt=address, R=1, S=1, O=1))
    return editing.with_frame(recording, answer, time=question.time + 1e-3, node="router", interface="lan0",
                              outgoing=True)


@edited(test_router_ends_detection_only_for_a_conflict, because="which nobody else has",
        parts=set(CASES) - set(ENDING))
@edited(test_ends_detection_only_for_a_conflict, because="which nobody else has", parts=set(CASES) - set(ENDING))
def host_that_gives_up(recording: Recording, part: str) -> Recording:
    return editing.without(recording, frames=_answers(recording, CASES[part]))
