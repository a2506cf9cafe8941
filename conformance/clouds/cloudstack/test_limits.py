"""CloudStack: what it says it cannot do over IPv6 it refuses, or leaves unanswered; it claims nothing."""

from __future__ import annotations

from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudAccepted, CloudRefused
from fixtures.clouds.cloudstack.control import Habits
from fixtures.recording import editing
from fixtures.recording.model import Frame, Mark, Recording
from fixtures.recording.views.transport import Echo, echoes, icmp_errors, tcp_segments
from fixtures.scenarios.clouds.cloudstack.questions import OutsiderTries, ServiceAsked
from fixtures.scenarios.clouds.cloudstack.vm import ADDRESS, CloudstackVm
from fixtures.stagecraft.marks import PowerOff
from topologies.cloudstack import OUTSIDE, virtual_router
from topologies.stage import addressing as plan

VM = CloudstackVm()
#: The marks of `fixtures.scenarios.clouds.cloudstack.questions` with which something is tried, and what ends them.
ATTEMPTS = (OutsiderTries, ServiceAsked, PowerOff)
VIRTUAL_ROUTER = virtual_router(plan.LAN)


def after(recording: Recording, mark: Mark, *, outgoing: bool | None = None) -> list[Frame]:
    """What passed at the VM from an attempt to the next one, or to the VM's end."""
    later = [each.ns for each in recording.marks if each.ns > mark.ns and each.is_a(*ATTEMPTS)]
    until = min(later, default=recording.duration_ns + 1)
    return [frame for frame in recording.at("guest", outgoing=outgoing) if mark.ns <= frame.ns < until]


def exchange(recording: Recording, mark: Mark) -> tuple[list[Echo], list[Echo]]:
    """The outsider's Echo Requests that reached the VM, and its Replies."""
    asked = [each for each in echoes(after(recording, mark, outgoing=False), reply=False)
             if each.source == OUTSIDE["global"]]
    told = [each for each in echoes(after(recording, mark, outgoing=True), reply=True) if each.source == ADDRESS]
    return asked, told


@check("SEC-09", VM, role="management", cloud="cloudstack", sentences=("cloudstack-22",), needs=("dhcpv6",))
def test_cloudstack_no_false_security_group(recording: Recording, notebook: Notebook) -> None:
    """An IPv6 rule of a security group is refused and changes nothing, or it is enforced (CloudStack, Limitations).

    The rule would let in one prefix; an outsider of another one sends Echo Requests before and after it.
    """
    tries = {mark.what.when: exchange(recording, mark) for mark in recording.marked(OutsiderTries)}
    for when in ("before", "after"):
        notebook.stimulus(tries.get(when, ((), ()))[0], f"no outsider tried {when} the rule")
    before = notebook.stimulus(tries["before"][1], "the VM did not answer before there was a rule")
    said: list[Mark] = [*recording.marked(CloudRefused), *recording.marked(CloudAccepted)]
    answers = [mark for mark in said if mark.what.what == "authorize-ingress"]
    answer = notebook.stimulus(answers, "no IPv6 rule was submitted")[0]
    _, replies = tries["after"]
    notebook.cite(answer, *before, *replies)
    if answer.is_a(CloudAccepted):
        notebook.expect(not replies,
                        "the platform accepted the rule and does not enforce it: the VM answers an outsider", answer)
        notebook.finding = "security groups know IPv6 now: the rule is accepted, and enforced"
        return
    notebook.expect(replies, "the platform refused the rule, and yet the VM does not answer any more", answer)
    notebook.finding = f"refused: {answer.what.reason}; an outsider reaches the VM as before"


@played(test_cloudstack_no_false_security_group, because="accepted the rule and does not enforce it")
def rule_that_nobody_enforces() -> Broken:
    """The management server takes the rule, and no agent knows of it."""
    return Broken(CloudstackVm(habits=Habits(claims_filtering=True)))


@edited(test_cloudstack_no_false_security_group, because="refused the rule, and yet")
def refused_rule_that_cuts_off(recording: Recording) -> Recording:
    """The agent acts on a rule that was refused."""
    mark = recording.marked(OutsiderTries)[-1]
    return editing.without(recording, frames=exchange(recording, mark)[1])


@check("SEC-09", VM, role="management", cloud="cloudstack", sentences=("cloudstack-23", "cloudstack-24"))
def test_cloudstack_services_fail_closed(recording: Recording, notebook: Notebook) -> None:
    """Userdata and passwords are not offered over IPv6: a VM that asks is refused or not answered (Limitations).

    What accepts the connection has to serve it; then the limitation is gone.
    """
    seen = []
    for mark in notebook.stimulus(recording.marked(ServiceAsked), "the VM asked for no service"):
        port = mark.what.port
        said = tcp_segments(after(recording, mark), port)
        asked = notebook.stimulus([each for each in said if each.opens and each.destination == VIRTUAL_ROUTER],
                                  f"the VM did not ask port {port} of the virtual router")
        told = [each for each in said if each.source == VIRTUAL_ROUTER]
        refused = [each for each in told if each.resets and not each.payload]
        accepted = [each for each in told if each.accepts]
        served = [each for each in told if each.payload]
        errors = icmp_errors(after(recording, mark, outgoing=False), "destination-unreachable")
        notebook.cite(*asked, *refused, *errors)
        notebook.expect(served or not accepted,
                        f"the virtual router's port {port} accepts the connection and never answers",
                        *accepted, *served)
        told_off = "is closed" if refused or errors else "is silent"
        seen.append(f"port {port} " + ("serves IPv6 now" if served else told_off))
    notebook.finding = ", ".join(seen)


@played(test_cloudstack_services_fail_closed, because="accepts the connection and never answers")
def userdata_server_that_does_not_know_ipv6() -> Broken:
    """Its socket takes IPv6, its table of VMs does not."""
    return Broken(CloudstackVm(half_open=True))
