"""What a DHCPv6 client puts into its messages, and what it leaves out."""

from __future__ import annotations

from typing import Any

from conformance.broken.dhcpv6_edits import with_option
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.leases import client_messages
from fixtures.protocols.dhcpv6 import CLIENT_FQDN
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.lease_answers import LeaseAnswers
from fixtures.scenarios.dhcpv6.moved_guest import MovedGuest
from fixtures.scenarios.dhcpv6.stateless_guest import StatelessGuest

#: RFC 4704 section 5.
NAMING = ("Solicit", "Request", "Renew", "Rebind")


@check("DHCP6-28", LeaseAnswers(), MovedGuest(), role="guest", needs=("dhcpv6",))
def test_leaves_times_to_the_server(recording: Recording, notebook: Notebook) -> None:
    """In the client's messages T1, T2 and all lifetimes are 0 (RFC 8415 sections 21.4 and 21.6)."""
    messages = notebook.stimulus([each for each in client_messages(recording) if each.ia_na], "the guest sent no IA_NA")
    for message in messages:
        for ia in message.ia_na:
            notebook.expect((ia.t1, ia.t2) == (0, 0),
                            f"the guest's {message.name} has T1 {ia.t1} s and T2 {ia.t2} s, not 0", message)
            for leased in ia.addresses:
                notebook.expect((leased.preferred, leased.valid) == (0, 0),
                                f"the guest's {message.name} has lifetimes of {leased.preferred} and {leased.valid} "
                                "s, not 0", message)
    notebook.finding = f"all zero in {', '.join(sorted({each.name for each in messages}))}"


@edited(test_leaves_times_to_the_server, because="has T1 3600 s and T2 5400 s")
def client_with_wishes(recording: Recording) -> Recording:
    def wish(packet: Any) -> None:
        ia = packet[layer("dhcp6").DHCP6OptIA_NA]
        ia.T1, ia.T2 = 3600, 5400

    return editing.rewritten(recording, client_messages(recording, "Solicit"), wish)


@edited(test_leaves_times_to_the_server, because="has lifetimes of 600 and 900 s")
def client_that_repeats_what_it_was_offered(recording: Recording) -> Recording:
    def repeat(packet: Any) -> None:
        leased = packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts[0]
        leased.preflft, leased.validlft = 600, 900

    return editing.rewritten(recording, client_messages(recording, "Request"), repeat)


@check("DHCP6-29", StatelessGuest(), role="guest", needs=("dhcpv6-stateless",))
def test_tells_its_name_to_nobody_it_asks_for_information(recording: Recording, notebook: Notebook) -> None:
    """An Information-request has no Client FQDN option (RFC 4704 section 5)."""
    _named_in(recording, notebook, *notebook.stimulus(client_messages(recording), "the guest sent no DHCPv6 message"))


@edited(test_tells_its_name_to_nobody_it_asks_for_information, because="Client FQDN option in Information-request")
def client_that_tells_its_name_at_once(recording: Recording) -> Recording:
    return editing.rewritten(recording, client_messages(recording, "Information-request"), with_option(_name))


@check("DHCP6-29", MovedGuest(), role="guest", needs=("dhcpv6",))
def test_tells_its_name_where_it_may(recording: Recording, notebook: Notebook) -> None:
    """The Client FQDN option is in Solicit, Request, Renew and Rebind only, not in Confirm (RFC 4704 section 5)."""
    _named_in(recording, notebook, *notebook.stimulus(client_messages(recording), "the guest sent no DHCPv6 message"))


@edited(test_tells_its_name_where_it_may, because="Client FQDN option in Confirm")
def client_that_confirms_its_name(recording: Recording) -> Recording:
    return editing.rewritten(recording, client_messages(recording, "Confirm"), with_option(_name))


def _named_in(recording: Recording, notebook: Notebook, *messages: Any) -> None:
    """Expect the option in no message that may not have it."""
    named = {each.name for each in messages if CLIENT_FQDN in each.options}
    for message in messages:
        wrong = CLIENT_FQDN in message.options and message.name not in NAMING
        notebook.expect(not wrong,
                        f"the guest put the Client FQDN option in {message.name}, which must not have it", message)
    silent = sorted({each.name for each in messages} - named)
    notebook.finding = f"in {', '.join(sorted(named)) or 'no message'}; not in {', '.join(silent) or 'no other'}"


def _name(dhcp6: Any) -> Any:
    return dhcp6.DHCP6OptClientFQDN(fqdn="guest")
