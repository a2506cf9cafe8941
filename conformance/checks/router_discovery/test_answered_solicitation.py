"""A host whose Router Solicitation was answered solicits no more."""

from __future__ import annotations

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.scenarios.router_discovery.answered_solicitation import AnsweredSolicitation
from fixtures.timers import RTR_SOLICITATION_INTERVAL

#: What was on its way already when the RA came.
CROSSED = 0.1


@check("RA-12.answered", AnsweredSolicitation(), role="guest")
@check("RA-12.answered-without-sllao", AnsweredSolicitation(link_layer=False), role="guest")
def test_solicits_no_more_when_answered(recording: Recording, notebook: Notebook) -> None:
    """After a valid RA with a Router Lifetime above 0 the host MUST desist from solicitations (RFC 4861 section 6.3.7).

    RFC 7559 section 2.1 says the same of its retransmissions. The RA may lack its sender's link-layer address.
    """
    sent = ndp.router_solicitations(recording.at("guest", "eth0", outgoing=True))
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    first = notebook.stimulus(heard, "no RA reached the guest")[0]
    asked = notebook.stimulus([each for each in sent if each.frame.ns < first.frame.ns], "the guest did not solicit")
    notebook.cite(asked[-1], first)
    again = [each for each in sent if each.time > first.time + CROSSED]
    notebook.expect(not again, f"the guest solicited again {again[0].time - first.time:.1f} s after a valid RA"
                    if again else "", first, *again[:1])
    notebook.finding = f"the guest solicited {len(asked)} times, until it was answered, and no more"


@edited(test_solicits_no_more_when_answered, because="after a valid RA")
def host_that_keeps_asking(recording: Recording) -> Recording:
    """Its first solicitation is seen again, as if nobody had answered."""
    first = ndp.router_solicitations(recording.at("guest", "eth0", outgoing=True))[0].frame
    answered = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))[0]
    return editing.with_frame(recording, first.data, time=answered.time + RTR_SOLICITATION_INTERVAL, node="guest",
                              interface="eth0", outgoing=True)
