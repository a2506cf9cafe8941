"""A router that stops says so."""

from __future__ import annotations

from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.protocols.addresses import ALL_NODES
from fixtures.recording import editing
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import ndp
from fixtures.scenarios.router_discovery.router_stop import RouterStop
from fixtures.stagecraft.marks import Kill, Stop
from fixtures.stagecraft.watching import default_route, no_default_route

#: RFC 4861 section 10: MAX_FINAL_RTR_ADVERTISEMENTS.
MOST = 3
#: Seconds in which a host that is told gives the router up: at once (section 6.3.4), and processing takes time.
AT_ONCE = 1.0


@check("RA-04", RouterStop(), role="router")
def test_says_goodbye(recording: Recording, notebook: Notebook) -> None:
    """A router that is stopped sends one to three last multicast RAs with Router Lifetime 0 (RFC 4861 section 6.2.5).

    So the guest drops its default route at once.
    """
    stops: list[Mark] = [*recording.marked(Stop), *recording.marked(Kill)]
    stopped = notebook.stimulus(stops, "the router was not stopped")[0]
    notebook.stimulus(filter(default_route("guest"), recording.kernel("guest")), "the guest had no default route")
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    after = [each for each in heard if each.frame.ns > stopped.ns]
    last = [each for each in after if each.lifetime == 0]
    notebook.expect(last, "the router stopped without an RA with Router Lifetime 0", stopped)
    notebook.expect(len(last) <= MOST,
                    f"the router sent {len(last)} RAs with Router Lifetime 0, more than MAX_FINAL_RTR_ADVERTISEMENTS",
                    *last)
    for each in last:
        notebook.expect(each.destination == ALL_NODES, f"the router sent its last RA to {each.destination} only", each)
    again = [each for each in after if each.lifetime and each.frame.ns > last[0].frame.ns]
    notebook.expect(not again, "the router advertised itself once more after its last RA", *again)
    gone = [event for event in recording.kernel("guest")
            if no_default_route("guest")(event) and event.ns > last[0].frame.ns]
    notebook.expect(gone, "the guest kept its default route after the last RA", last[0])
    notebook.in_time(gone[0].time - last[0].time, AT_ONCE, "the guest gave its default route up late", last[0], gone[0])
    notebook.finding = f"{len(last)} RA with Router Lifetime 0, and the guest has no default route any more"


@played(test_says_goodbye, because="without an RA with Router Lifetime 0")
def router_that_is_killed() -> Broken:
    """SIGKILL leaves no time for a last word."""
    return Broken(RouterStop(killed=True))


@edited(test_says_goodbye, because="once more")
def router_that_returns(recording: Recording) -> Recording:
    """Its last word is followed by an ordinary RA."""
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    ordinary = next(each for each in heard if each.lifetime)
    end = heard[-1].time + 0.1
    return editing.with_frame(recording, ordinary.frame.data, time=end, node="guest", interface="eth0")


@edited(test_says_goodbye, because="kept its default route")
def goodbye_without_effect(recording: Recording) -> Recording:
    """The guest does not react."""
    return editing.without(recording, events=no_default_route("guest"))
