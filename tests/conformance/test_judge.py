"""The judge: what becomes of a check's pass, violation, doubt or bug."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.catalogue.requirements import catalogue
from conformance.judging.check import Check
from conformance.judging.evidence import evidence_of
from conformance.judging.judge import judge
from conformance.judging.verdict import Notebook, Outcome, Unjudgeable
from conformance.plugin.desk import Desk
from fixtures.recording.model import Program, Recording
from fixtures.recording.views.ndp import router_advertisements
from tests.conformance.synthetic import Unplayed, frame, recording

SOURCE = catalogue().promise("RA-05").source


def the_check(function: Any, requirement: str = "RA-05") -> Check:
    return Check(requirement, (Unplayed(),), function, "router")


def expects_managed(recording: Recording, notebook: Notebook) -> None:
    seen = notebook.stimulus(recording.at("guest"), "no RA arrived")
    notebook.expect(seen[0].data[59] & 0x80, "the RA has M=0", seen[0])


def test_pass_names_its_evidence() -> None:
    judgement = judge(the_check(expects_managed), recording(frame()))
    assert judgement.outcome is Outcome.PASS
    assert [(each.kind, each.frame, each.node) for each in judgement.evidence] == [("frame", 1, "guest")]
    assert "Router Advertisement" in judgement.evidence[0].text


def test_frames_are_told_by_what_requirements_are_about() -> None:
    told = evidence_of(frame()).text
    assert told.startswith("received: fe80::1 > ff02::1: Router Advertisement M=1 O=0 lifetime 0 s, ")
    whole = recording(frame())
    assert evidence_of(router_advertisements(whole.frames)[0]) == evidence_of(whole.frames[0])


def test_violation_keeps_the_packet() -> None:
    bad = frame(data=frame().data[:59] + b"\0" + frame().data[60:])
    judgement = judge(the_check(expects_managed), recording(bad))
    assert (judgement.outcome, judgement.reason) == (Outcome.FAIL, f"the RA has M=0 [{SOURCE}]")
    assert judgement.evidence


def test_what_lacks_a_fragment_is_counted_where_nothing_came() -> None:
    """The view shows no RA: its first half alone was seen."""
    whole = frame().data
    head = whole[:18] + (8 + 16).to_bytes(2, "big") + bytes([44]) + whole[21:54]
    half = head + bytes([58, 0, 0, 1, 0, 0, 0, 9]) + whole[54:70]

    def looks_at_views(recording: Recording, notebook: Notebook) -> None:
        notebook.stimulus(router_advertisements(recording.frames), "no RA arrived")

    judgement = judge(the_check(looks_at_views), recording(frame(data=half)))
    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert judgement.reason == "no RA arrived; 1 packet in fragments that cannot be put together is left out"
    assert judge(the_check(looks_at_views), recording()).reason == "no RA arrived"


@pytest.mark.parametrize(("requirement", "outcome"), [("RA-05", Outcome.FAIL), ("RA-06", Outcome.FAIL),
                                                      ("RA-04", Outcome.WARN)])
def test_level_decides_between_fail_and_warn(requirement: str, outcome: Outcome) -> None:
    def violates(recording: Recording, notebook: Notebook) -> None:
        notebook.expect(False, "no", *recording.frames)

    assert judge(the_check(violates, requirement), recording(frame())).outcome is outcome


def test_missing_stimulus_is_inconclusive() -> None:
    judgement = judge(the_check(expects_managed), recording())
    assert (judgement.outcome, judgement.reason) == (Outcome.INCONCLUSIVE, "no RA arrived")


def test_pass_without_evidence_is_an_error() -> None:
    judgement = judge(the_check(lambda recording, notebook: None), recording(frame()))
    assert judgement.outcome is Outcome.ERROR
    assert "vacuous" in judgement.reason


def test_recommendation_warns_and_goes_on() -> None:
    def recommends(recording: Recording, notebook: Notebook) -> None:
        notebook.recommend(False, "O=0", *recording.frames)
        notebook.recommend(True, "never said", *recording.frames)

    judgement = judge(the_check(recommends), recording(frame()))
    assert (judgement.outcome, judgement.reason) == (Outcome.WARN, f"O=0 [{SOURCE}]")


def test_bug_in_a_check_is_an_error_with_its_place() -> None:
    def buggy(recording: Recording, notebook: Notebook) -> None:
        raise KeyError("eth7")

    judgement = judge(the_check(buggy), recording(frame()))
    assert judgement.outcome is Outcome.ERROR
    assert "KeyError" in judgement.reason and "test_judge.py:" in judgement.reason


def test_broken_play_is_an_error() -> None:
    judgement = judge(the_check(expects_managed), recording(frame(), error="radvd exited with status 1"))
    assert (judgement.outcome, judgement.reason) == (Outcome.ERROR, "the play broke: radvd exited with status 1")


@pytest.mark.parametrize(("stall", "reason"), [
    (0.1, "no RA arrived"), (0.4, "no RA arrived; and the host stalled for 0.4 s during the play")])
def test_what_did_not_come_on_a_machine_that_stalled_is_told_with_the_stall(stall: float, reason: str) -> None:
    judgement = judge(the_check(expects_managed), recording(stall=stall))
    assert (judgement.outcome, judgement.reason) == (Outcome.INCONCLUSIVE, reason)


def test_no_play_is_disturbed_for_what_a_passive_check_did_not_see() -> None:
    passive = replace(the_check(expects_managed), scenarios=(), passive=True)
    judgement = judge(passive, recording(stall=0.4))
    assert (judgement.outcome, judgement.reason, judgement.stalled) == (Outcome.INCONCLUSIVE, "no RA arrived", 0.0)


@pytest.mark.parametrize(("trouble", "said"), [
    ({"stall": 2.0}, "stalled for 2.0 s"),
    ({"dropped": 3}, "lost 3 frames"),
])
def test_violation_is_not_charged_to_a_program_when_the_suite_was_blind(trouble: dict[str, Any], said: str) -> None:
    bad = frame(data=frame().data[:59] + b"\0" + frame().data[60:])
    judgement = judge(the_check(expects_managed), recording(bad, **trouble))
    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert said in judgement.reason


def test_lateness_is_charged_only_beyond_the_stall() -> None:
    def timely(recording: Recording, notebook: Notebook) -> None:
        notebook.in_time(recording.frames[0].time, 0.8, "late", *recording.frames)

    assert judge(the_check(timely), recording(frame())).outcome is Outcome.FAIL
    assert judge(the_check(timely), recording(frame(), stall=0.09)).outcome is Outcome.FAIL
    assert judge(the_check(timely), recording(frame(), stall=0.11)).outcome is Outcome.INCONCLUSIVE, "unfair"
    assert judge(the_check(timely), recording(frame(seconds=0.7))).outcome is Outcome.PASS


def test_earliness_is_charged_only_beyond_the_stall() -> None:
    def patient(recording: Recording, notebook: Notebook) -> None:
        first, second = recording.frames
        notebook.not_before(second.time - first.time, 0.5, "early", first, second)

    early = (frame(), frame(2, 1.3))
    assert judge(the_check(patient), recording(*early)).outcome is Outcome.FAIL
    assert judge(the_check(patient), recording(*early, stall=0.1)).outcome is Outcome.FAIL
    assert judge(the_check(patient), recording(*early, stall=0.3)).outcome is Outcome.INCONCLUSIVE
    assert judge(the_check(patient), recording(frame(), frame(2, 1.6), stall=0.3)).outcome is Outcome.PASS


def test_declared_lack_is_probed() -> None:
    lacking = {"dhcpv6 (linux)": "its manual"}
    assert judge(the_check(expects_managed), recording(), lacking).outcome is Outcome.NOT_APPLICABLE
    wrong = judge(the_check(expects_managed), recording(frame()), lacking)
    assert wrong.outcome is Outcome.ERROR
    assert "declaration is wrong" in wrong.reason and "its manual" in wrong.reason


@pytest.mark.parametrize(("here", "outcome"), [("1", Outcome.ERROR), ("2", Outcome.PASS)])
def test_a_declared_lack_is_that_of_the_installed_version(here: str, outcome: Outcome) -> None:
    made = recording(frame())
    played = replace(made, play=replace(made.play, implementations={"guest": Program("linux", "1")}))
    programs = SimpleNamespace(known={}, of=lambda cast: {"guest": Program("linux", here)})
    desk = Desk(programs, SimpleNamespace(beside=lambda cell: ""))  # type: ignore[arg-type]
    cell = SimpleNamespace(check=the_check(expects_managed), cast={},
                           lacking=lambda known: {"dhcpv6 (linux)": "its manual"})
    assert desk.judge(cell, played).outcome is outcome  # type: ignore[arg-type]


def test_the_fields_that_decided_stand_at_the_evidence() -> None:
    def flags(recording: Recording, notebook: Notebook) -> None:
        for ra in router_advertisements(recording.frames):
            notebook.expect(ra.cur_hop_limit < 256, "never", ra)
            notebook.expect(ra.managed == ra.other and ra.lifetime == 1,
                            f"the RA has Router Lifetime {ra.lifetime} s", ra)

    (entry,) = judge(the_check(flags), recording(frame())).evidence
    assert set(entry.fields) <= {"M managed", "O other", "router lifetime"} and entry.fields
    assert judge(the_check(expects_managed), recording(frame())).evidence[0].fields == ()


def test_unjudgeable_keeps_what_was_cited() -> None:
    def half(recording: Recording, notebook: Notebook) -> None:
        notebook.cite(*recording.frames)
        raise Unjudgeable("the guest never asked")

    judgement = judge(the_check(half), recording(frame()))
    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert len(judgement.evidence) == 1


def test_what_only_an_unseen_kernel_could_tell_is_not_applicable() -> None:
    def looks_inside(recording: Recording, notebook: Notebook) -> None:
        notebook.cite(*recording.frames)
        notebook.expect(list(recording.happened("guest", "address")), "no address")

    outcome = judge(the_check(looks_inside), replace(recording(frame()), opaque=("guest",)))
    assert (outcome.outcome, outcome.reason) == (
        Outcome.NOT_APPLICABLE, "only the kernel of guest could tell, and of that node only the wire was seen")
