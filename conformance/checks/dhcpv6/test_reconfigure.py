"""A server tells the client to ask anew: only with a key that both know (RFC 8415 section 18.2.11)."""

from __future__ import annotations

from conformance.broken import clients
from conformance.broken.dhcpv6_edits import with_message
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.leases import client_messages
from fixtures.protocols.dhcpv6 import RECONFIGURE_ACCEPT
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6, ndp
from fixtures.scenarios.dhcpv6.misleading_answers import MisleadingAnswers, ReconfigureSent
from fixtures.scenarios.dhcpv6.stateless_guest import QUIET, StatelessGuest
from fixtures.timers import INF_MAX_DELAY

#: Seconds after an RA in which what a client sends may be about that.
NEWS = INF_MAX_DELAY + 1.0


@check("DHCP6-40", MisleadingAnswers(), role="guest", needs=("dhcpv6",))
def test_obeys_no_stranger_with_a_lease(recording: Recording, notebook: Notebook) -> None:
    """A Reconfigure (Renew) without authentication, and one with a wrong key, are discarded (RFC 8415 16.11, 20.4)."""
    _discards(recording, notebook, "Renew")


@played(test_obeys_no_stranger_with_a_lease, because="the guest sent Renew")
def client_that_obeys() -> Broken:
    return Broken(MisleadingAnswers(), {"guest": clients.OBEYS_RECONFIGURE})


@check("DHCP6-40", StatelessGuest(), role="guest", needs=("dhcpv6-stateless",))
def test_obeys_no_stranger_without_a_lease(recording: Recording, notebook: Notebook) -> None:
    """The same for a Reconfigure (Information-request)."""
    _discards(recording, notebook, "Information-request")


@edited(test_obeys_no_stranger_without_a_lease, because="the guest sent Information-request")
def client_that_obeys_without_a_lease(recording: Recording) -> Recording:
    asked = client_messages(recording, "Information-request")[0]
    return with_message(recording, asked, recording.marked(ReconfigureSent)[-1].time + 0.5)


def _discards(recording: Recording, notebook: Notebook, kind: str) -> None:
    """Expect that the guest does not do what the Reconfigures tell it."""
    told = notebook.stimulus(dhcpv6.messages(recording.at("guest", "eth0", outgoing=False), "Reconfigure"),
                             "no Reconfigure reached the guest")
    notebook.stimulus([1] if recording.duration > told[-1].time + QUIET / 2 else [],
                      "the play ended before an answer to the Reconfigure was due")
    ras = [ra for ra in ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
           if told[0].time - NEWS < ra.time < told[-1].time + QUIET]
    notebook.stimulus([] if ras else [1], "an RA came shortly before, after which a client may ask as well")
    obeyed = [each for each in client_messages(recording, kind, after=told[0].time)
              if each.time < told[-1].time + QUIET]
    notebook.expect(not obeyed,
                    f"the guest sent {kind} for a Reconfigure that nobody had authenticated", *told, *obeyed[:1])
    ready = any(RECONFIGURE_ACCEPT in each.options for each in client_messages(recording))
    notebook.finding = f"{len(told)} Reconfigures without a valid key were discarded; the client " \
        f"{'accepts' if ready else 'does not accept'} any at all"
