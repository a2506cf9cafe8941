"""The lifetime of a router begins anew with each RA, and then it ends."""

from __future__ import annotations

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import transport
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.router_discovery.refreshed_router import Moment, RefreshedRouter, asker


@check("RA-18.refreshed", RefreshedRouter(), role="guest")
def test_counts_a_router_lifetime_anew(recording: Recording, notebook: Notebook) -> None:
    """An RA sets the lifetime anew (RFC 4861 section 6.3.4): the router is used until it ends, and not after it.

    Each Echo Request comes through the router; whether the answer leaves shows whether the guest has a router. The
    last one shows that it was there all the time.
    """
    asked = {step: notebook.stimulus(_requests(recording, step), f"nobody asked in the step {step}")[0]
             for step in ("in-time", "ended", "again")}
    notebook.cite(*asked.values())
    again = notebook.stimulus(_answers(recording, "again"), "the guest does not answer when the router is back")
    notebook.cite(again[0])
    in_time, ended = _answers(recording, "in-time"), _answers(recording, "ended")
    notebook.expect(in_time, "the guest has no router any more, though an RA had refreshed its lifetime",
                    asked["in-time"])
    notebook.cite(in_time[0])
    notebook.expect(not ended, "the guest still sends through a router whose lifetime has ended", *ended[:1])
    notebook.finding = "the router was used until its second lifetime ended"


def _requests(recording: Recording, step: str) -> list[Echo]:
    return [each for each in transport.echoes(recording.at("guest", "eth0", outgoing=False), reply=False)
            if each.source == asker(step)]


def _answers(recording: Recording, step: str) -> list[Echo]:
    return [each for each in transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=True)
            if each.destination == asker(step)]


@edited(test_counts_a_router_lifetime_anew, because="no router any more")
def host_that_counts_once(recording: Recording) -> Recording:
    return editing.without(recording, frames=_answers(recording, "in-time"))


@edited(test_counts_a_router_lifetime_anew, because="whose lifetime has ended")
def host_that_does_not_count(recording: Recording) -> Recording:
    """Its first answer is seen again for who asks later."""
    first = _answers(recording, "in-time")[0].frame
    data = first.data[:38] + asker("ended").packed + first.data[54:]
    begun = next(mark for mark in recording.marked(Moment) if mark.what.what == "ended")
    return editing.with_frame(recording, data, time=begun.time + 0.01, node="guest", interface="eth0", outgoing=True)
