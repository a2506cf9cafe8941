"""A router whose forwarding is off says that it is no default router."""

from __future__ import annotations

from typing import Any

from conformance.broken.routers import ForwardingDaemon
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import echo_replies
from fixtures.recording import editing
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import RouterAdvertisement
from fixtures.scenarios.router_discovery.forwarding_off import STEPS, ForwardingOff, Step, Switching


@check("RA-23", ForwardingOff(), role="router", needs=("kernel-forwarding",))
def test_lifetime_is_zero_without_forwarding(recording: Recording, notebook: Notebook) -> None:
    """While a node does not forward, its RAs have Router Lifetime 0, and more than 0 while it does.

    RFC 4861 section 6.2.5: where system management disables forwarding, the interfaces may go on advertising, and
    subsequent RAs MUST set the Router Lifetime to zero. Whether the node forwards is shown by an Echo Request through
    it, in the same step. Who says nothing while it does not forward claims nothing, once it has advertised itself
    while it does.
    """
    steps = recording.marked(Step)
    notebook.stimulus(steps[len(STEPS) - 1:], "the play ended before the last step")
    faults, idle = [], []
    for step in steps:
        name, told = step.what.what, _advertisements(recording, step)
        _solicitations(recording, notebook, step)
        forwards = _forwards(recording, notebook, step)
        if forwards:
            notebook.stimulus(told, "the router did not advertise itself while it forwarded")
        notebook.cite(*told)
        wrong = [each.lifetime for each in told if (each.lifetime > 0) is not forwards]
        if wrong:
            does = "forwards" if forwards else "does not forward"
            faults.append(f"{name}: the router {does}, and its RA has a Router Lifetime of {wrong[0]} s")
        if not forwards:
            idle.append(f"{name}: {f'{len(told)} RAs with 0' if told else 'none'}")
    notebook.expect(not faults, "; ".join(faults))
    notebook.stimulus(idle, "the router forwarded in every step, also where forwarding was off")
    notebook.finding = f"a Router Lifetime while it forwards, and while it does not: {', '.join(idle)}"


def _end(recording: Recording, step: Mark) -> int:
    """When the next step was about to begin, in nanoseconds of the play."""
    return next((mark.ns for mark in recording.marked(Switching) if mark.ns > step.ns), recording.duration_ns)


def _advertisements(recording: Recording, step: Mark) -> list[RouterAdvertisement]:
    """The RAs of a step: those that were sent between two changes."""
    end = _end(recording, step)
    return ndp.router_advertisements(frame for frame in recording.at("router", "lan0", outgoing=True)
                                     if step.ns < frame.ns < end)


def _solicitations(recording: Recording, notebook: Notebook, step: Mark) -> None:
    """The neighbor's solicitation of a step reached the router."""
    end = _end(recording, step)
    asked = [each for each in ndp.router_solicitations(recording.at("router", "lan0", outgoing=False))
             if step.ns < each.frame.ns < end]
    notebook.cite(*notebook.stimulus(asked, f"no solicitation was sent to the router ({step.what.what})"))


def _forwards(recording: Recording, notebook: Notebook, step: Mark) -> bool:
    """Whether the Echo Request of a step was answered through the router."""
    identifier, name = step.what.identifier, step.what.what
    sent = [each for each in transport.echoes(recording.at("router", "lan0", outgoing=False), reply=False)
            if each.identifier == identifier]
    notebook.cite(*notebook.stimulus(sent, f"nothing was sent through the router ({name})"))
    back = [each for each in echo_replies(recording.at("router", "lan0", outgoing=True))
            if each.identifier == identifier]
    notebook.cite(*back)
    if step.what.forwarding:
        notebook.stimulus(back, "nothing came through the router while forwarding was on")
    return bool(back)


@healthy(test_lifetime_is_zero_without_forwarding)
def router_that_looks() -> Broken:
    """A scripted one: none of the installed daemons looks."""
    return Broken(ForwardingOff(), {"router": ForwardingDaemon("scripted:looks")})


@played(test_lifetime_is_zero_without_forwarding, because="never-forwarded: the router does not forward, and its RA")
def router_that_does_not_look() -> Broken:
    """It does what its configuration says, whatever the kernel does."""
    return Broken(ForwardingOff(), {"router": ForwardingDaemon("scripted:never-looks", "never")})


@played(test_lifetime_is_zero_without_forwarding, because="no-more: the router does not forward, and its RA")
def router_that_looks_until_it_forwards() -> Broken:
    """It misses that forwarding is disabled."""
    return Broken(ForwardingOff(), {"router": ForwardingDaemon("scripted:looks-once", "once")})


@edited(test_lifetime_is_zero_without_forwarding,
        because="forwards: the router forwards, and its RA has a Router Lifetime of 0")
def router_that_never_dares(recording: Recording) -> Recording:
    """It looked when it was started, and never again."""
    step = next(mark for mark in recording.marked(Step) if mark.what.forwarding)

    def change(packet: Any) -> None:
        packet[layer("inet6").ICMPv6ND_RA].routerlifetime = 0

    return editing.rewritten(recording, _advertisements(recording, step), change)
