"""What DHCPv6 servers and relays say, as far as the wire alone tells."""

from __future__ import annotations

from typing import Any

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.wire.sample import conversation
from conformance.wire.spoken import examined, flawed, grouped, heard, must, said
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer

#: RFC 8415 section 7.6.
HOP_COUNT_LIMIT = 8
RELAY_FORWARD, RELAY_REPLY = "RELAY-FORW", "RELAY-REPL"


@check("DHCP6-03", role="dhcpv6-server", passive=True)
def test_wire_advertises(recording: Recording, notebook: Notebook) -> None:
    """An Advertise names server and client, the client that asked, and offers something in each IA or says why not.

    RFC 8415 sections 16.3, 18.3.9. Whether every Solicit is answered is not judged.
    """
    sent = [each for each in dhcpv6.messages(said(recording, "dhcpv6-server"), "ADVERTISE") if not each.relays]
    asked = grouped((each for each in dhcpv6.messages(heard(recording, "dhcpv6-server"), "SOLICIT")
                     if not each.relays), lambda each: (each.transaction_id, each.source))
    examined(notebook, sent, "no Advertise was seen")
    for each in sent:
        must(notebook, not flawed(each), f"the Advertise is malformed: {each.malformed}", each)
        must(notebook, each.server_duid, "the Advertise has no Server Identifier", each)
        must(notebook, each.client_duid, "the Advertise has no Client Identifier", each)
        for ia in each.ia_na:
            must(notebook, ia.addresses or ia.status or each.status,
                 f"the IA_NA {ia.iaid:#x} of the Advertise has neither an address nor a status", each)
        _answers(notebook, each, asked.get((each.transaction_id, each.destination), []))
    notebook.finding = f"{len(sent)} Advertises as they should be"


def _answers(notebook: Notebook, offer: Message, mine: list[Message]) -> None:
    """Of the Solicits of that node and transaction, one is from that client and for those IAs, where any was seen."""
    if not mine:
        return
    same = [each for each in mine if each.client_duid == offer.client_duid]
    must(notebook, same, "the Advertise names another client than the Solicit", *mine[:1], offer)
    known = {ia.iaid for each in same for ia in each.ia_na}
    for ia in offer.ia_na:
        must(notebook, ia.iaid in known, f"the Advertise offers for the IA {ia.iaid:#x}, which did not ask",
             *same[:1], offer)


@check("DHCP6-34", role="dhcpv6-server", passive=True)
def test_wire_relay_replies_go_back_as_they_came(recording: Recording, notebook: Notebook) -> None:
    """In a Relay-reply each layer has the link address, peer address and Interface-ID of the Relay-forward.

    RFC 8415 section 18.3.10.
    """
    sent = [each for each in dhcpv6.messages(said(recording, "dhcpv6-server"))
            if each.relays and each.relays[0].name == RELAY_REPLY]
    asked = [each for each in dhcpv6.messages(heard(recording, "dhcpv6-server")) if each.relays]
    pairs = [(forwards, each) for each in sent if (forwards := [
        one for one in asked if one.transaction_id == each.transaction_id and one.time <= each.time
        and one.client_duid == each.client_duid and one.source == each.destination])]
    examined(notebook, [each for _, each in pairs], "no Relay-forward with its Relay-reply was seen")
    for forwards, each in pairs:
        path = [(relay.link_address, relay.peer_address, relay.interface_id) for relay in each.relays]
        same = [one for one in forwards
                if path == [(relay.link_address, relay.peer_address, relay.interface_id) for relay in one.relays]]
        must(notebook, same, "the Relay-reply has other addresses or another Interface-ID than the Relay-forward",
             forwards[-1], each)
    notebook.finding = f"{len(pairs)} Relay-replies go back as the Relay-forwards came"


@check("DHCP6-32", role="relay", passive=True)
def test_wire_relay_forwards(recording: Recording, notebook: Notebook) -> None:
    """A client's message is wrapped with hop count 0, and the client's address as peer (RFC 8415 section 19.1.1)."""
    sent = [each for each in _forwards(recording) if len(each.relays) == 1]
    examined(notebook, sent, "no Relay-forward was seen")
    for each in sent:
        inner = each.relays[-1]
        must(notebook, not flawed(each), f"the Relay-forward is malformed: {each.malformed}", each)
        must(notebook, inner.hop_count == 0, f"a client's message has hop count {inner.hop_count}", each)
        must(notebook, not inner.peer_address.is_multicast, f"the peer address is {inner.peer_address}", each)
        must(notebook, not inner.link_address.is_multicast, f"the link address is {inner.link_address}", each)
    notebook.finding = f"{len(sent)} Relay-forwards as they should be"


@check("DHCP6-33", role="relay", passive=True)
def test_wire_hop_counts(recording: Recording, notebook: Notebook) -> None:
    """Each relay counts one hop more than the one before, and none more than 8 (RFC 8415 sections 7.6, 19.1.2)."""
    sent = [each for each in _forwards(recording) if len(each.relays) > 1]
    examined(notebook, sent, "no Relay-forward with another inside was seen")
    for each in sent:
        counts = [relay.hop_count for relay in each.relays]
        rising = counts == list(range(counts[0], counts[0] - len(counts), -1))
        must(notebook, rising, f"the hop counts are {', '.join(map(str, counts))}, from the outermost", each)
        must(notebook, counts[0] <= HOP_COUNT_LIMIT, f"a hop count is {counts[0]}", each)
    notebook.finding = f"{len(sent)} Relay-forwards count their hops"


def _forwards(recording: Recording) -> list[Message]:
    return [each for each in dhcpv6.messages(said(recording, "relay"))
            if each.relays and each.relays[0].name == RELAY_FORWARD]


@healthy(test_wire_advertises)
@healthy(test_wire_relay_replies_go_back_as_they_came)
def server_of_the_sample() -> Recording:
    return conversation("dhcpv6-server")


@healthy(test_wire_relay_forwards)
@healthy(test_wire_hop_counts)
def relay_of_the_sample() -> Recording:
    return conversation("relay")


def _rewritten(recording: Recording, found: list[Message], kind: str, **fields: object) -> Recording:
    """These messages with other values in one of Scapy's layers."""

    def change(packet: Any) -> None:
        for name, value in fields.items():
            setattr(packet[getattr(layer("dhcp6"), kind)], name, value)

    return editing.rewritten(recording, found, change)


def _offers(recording: Recording) -> list[Message]:
    return dhcpv6.messages(said(recording, "dhcpv6-server"), "ADVERTISE")


@edited(test_wire_advertises, because="another client")
def offers_to_another(recording: Recording) -> Recording:
    duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")
    return _rewritten(recording, _offers(recording), "DHCP6OptClientId", duid=duid)


@edited(test_wire_advertises, because="neither an address nor a status")
def offers_nothing(recording: Recording) -> Recording:
    return _rewritten(recording, _offers(recording), "DHCP6OptIA_NA", ianaopts=[])


@edited(test_wire_advertises, because="which did not ask")
def offers_for_another_association(recording: Recording) -> Recording:
    return _rewritten(recording, _offers(recording), "DHCP6OptIA_NA", iaid=9)


@edited(test_wire_relay_replies_go_back_as_they_came, because="another Interface-ID")
def replies_through_another_interface(recording: Recording) -> Recording:
    replies = [each for each in dhcpv6.messages(said(recording, "dhcpv6-server")) if each.relays]
    return _rewritten(recording, replies, "DHCP6OptIfaceId", ifaceid=b"another")


@edited(test_wire_relay_forwards, because="hop count 1")
def wraps_as_the_second(recording: Recording) -> Recording:
    return _rewritten(recording, _forwards(recording)[:1], "DHCP6_RelayForward", hopcount=1)


@edited(test_wire_hop_counts, because="the hop counts are 0, 0")
def does_not_count(recording: Recording) -> Recording:
    nested = [each for each in _forwards(recording) if len(each.relays) > 1]
    return _rewritten(recording, nested, "DHCP6_RelayForward", hopcount=0)
