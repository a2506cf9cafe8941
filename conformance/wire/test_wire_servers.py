"""What DHCPv6 servers and relays say, as far as the wire alone tells."""

from __future__ import annotations

from bisect import bisect

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.granting import less
from conformance.wire.clients import only_once
from conformance.wire.edits import as_play, server_identifier, with_fields, with_option
from conformance.wire.sample import conversation
from conformance.wire.spoken import examine, group_by, hearing, is_capture, is_malformed, must, require_clock, saying
from fixtures.protocols.ports import DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer

#: RFC 8415 section 7.6.
HOP_COUNT_LIMIT = 8
RELAY_FORWARD, RELAY_REPLY = "Relay-forward", "Relay-reply"
#: So many messages of one transaction may be on their way.
RECENT = 16


@check("DHCP6-03.offer", role="dhcpv6-server", passive=True)
def test_wire_advertises(recording: Recording, notebook: Notebook) -> None:
    """An Advertise names server and client, the client that asked, and offers something in each IA or says why not.

    RFC 8415 sections 16.3, 18.3.9. Whether every Solicit is answered is not judged.
    """
    sent = _messages(recording, "Advertise")
    examine(notebook, sent, "no Advertise was seen")
    asked = _questions(recording, "Solicit")
    for each in sent:
        _expect_identifiers(notebook, each)
        for ia in each.ia_na:
            must(notebook, ia.addresses or ia.status or each.status,
                 f"the IA_NA {ia.iaid:#x} of the Advertise has neither an address nor a status", each)
        _answers(notebook, each, _lately(asked.get((each.transaction_id, each.destination), []), each))
    notebook.finding = f"{len(sent)} Advertises as they should be"


@check("DHCP6-03.reply", role="dhcpv6-server", passive=True)
def test_wire_replies(recording: Recording, notebook: Notebook) -> None:
    """A Reply names the server, that which was asked, and the client where that named itself (RFC 8415 section 16.10).

    Only to an Information-request may a client be left unnamed, since it may have been; one that was seen to have no
    Client Identifier is answered without.
    """
    sent = _messages(recording, "Reply")
    examine(notebook, sent, "no Reply was seen")
    asked = _questions(recording)
    if not is_capture(recording):
        for each in _messages(recording, "Advertise", "Reply"):
            must(notebook, each.server_duid in (None, sent[0].server_duid), f"the {each.name} names another server than"
                 " the first Reply", sent[0], each)
    for each in sent:
        mine = _lately(asked.get((each.transaction_id, each.destination), []), each)
        _expect_question(notebook, each, mine)
        nameless = [one for one in mine if one.client_duid is None]
        stateless = not (each.ia_na or each.ia_ta or each.ia_pd)
        _expect_identifiers(notebook, each, client=not nameless and not (stateless and not mine and each.server_duid))
        if each.client_duid and mine and not nameless and not any(one.malformed for one in mine):
            same = [one for one in mine if one.client_duid == each.client_duid]
            must(notebook, same, "the Reply names another client than the message that it answers", *mine[:1], each)
            named = [one for one in same if one.server_duid]
            known = {ia.iaid for one in same for ia in one.ia_na}
            for ia in each.ia_na:
                must(notebook, ia.iaid in known, f"the Reply is about the IA {ia.iaid:#x}, which did not ask",
                     *same[:1], each)
            must(notebook, not named or each.server_duid in {one.server_duid for one in named},
                 "the Reply names another server than the message that it answers", *named[:1], each)
    notebook.finding = f"{len(sent)} Replies as they should be"


@check("DHCP6-03.lifetimes", role="dhcpv6-server", passive=True)
def test_wire_leases_are_coherent(recording: Recording, notebook: Notebook) -> None:
    """No lease is preferred for longer than it is valid, and T1 is not above T2 (RFC 8415 sections 21.4, 21.6, 21.22).

    Of what a server offers and of what it grants; a T1 or T2 of 0 leaves the time to the client.
    """
    sent = [each for each in _messages(recording, "Advertise", "Reply") if not is_malformed(each)
            and (each.ia_na or each.ia_ta or each.ia_pd)]
    examine(notebook, sent, "no Advertise and no Reply with an address or a prefix was seen")
    for each in sent:
        for ia in (*each.ia_na, *each.ia_ta, *each.ia_pd):
            name = each.name
            times = [(str(leased.address), leased.preferred, leased.valid) for leased in ia.addresses]
            times += [(str(leased.network), leased.preferred, leased.valid) for leased in ia.prefixes]
            for what, preferred, valid in times:
                must(notebook, preferred <= valid,
                     f"the {name} has {what} preferred for {preferred} s and valid for {valid} s", each)
            must(notebook, not ia.t1 or not ia.t2 or ia.t1 <= ia.t2,
                 f"the {name} has T1 {ia.t1} s above T2 {ia.t2} s", each)
    notebook.finding = f"the times of {len(sent)} messages are coherent"


def _messages(recording: Recording, *names: str) -> list[Message]:
    """The server's messages of these names on the client's own link; those inside relays are on a link of their own."""
    return [each for each in saying(recording, "dhcpv6-server", dhcpv6.messages, *names)
            if not each.relays and each.destination_port == DHCPV6_CLIENT_PORT]


def _questions(recording: Recording, *names: str) -> dict[object, list[Message]]:
    """What clients asked, by transaction and address of the client."""
    return group_by((each for each in hearing(recording, "dhcpv6-server", dhcpv6.messages, *names)
                    if not each.relays and each.destination_port == DHCPV6_SERVER_PORT),
                   lambda each: (each.transaction_id, each.source))


def _lately(asked: list[Message], answer: Message) -> list[Message]:
    """Those that came last before an answer."""
    at = bisect(asked, answer.time, key=lambda each: each.time)
    return asked[max(0, at - RECENT):at]


def _expect_identifiers(notebook: Notebook, message: Message, *, client: bool = True) -> None:
    name = message.name
    must(notebook, not is_malformed(message), f"the {name} is malformed: {message.malformed}", message)
    only_once(notebook, message)
    must(notebook, message.server_duid, f"the {name} has no Server Identifier", message)
    must(notebook, message.client_duid or not client, f"the {name} has no Client Identifier", message)


def _expect_question(notebook: Notebook, answer: Message, asked: list[Message]) -> None:
    """Expect that the answer has the transaction and goes to the address of a question; what a capture lacks it may."""
    if not asked and not is_capture(notebook.recording):
        must(notebook, False, f"the {answer.name} to {answer.destination} has the transaction id"
             f" {answer.transaction_id:#08x}, with which nothing there asked", answer)


def _answers(notebook: Notebook, offer: Message, mine: list[Message]) -> None:
    """Of the Solicits of that node and transaction, one is from that client and for those IAs, where any was seen.

    What a malformed one says nobody knows.
    """
    _expect_question(notebook, offer, mine)
    if not mine or any(each.malformed for each in mine):
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
    sent = [each for each in saying(recording, "dhcpv6-server", dhcpv6.messages)
            if each.relays and each.relays[0].name == RELAY_REPLY]
    require_clock(recording)
    asked = group_by((each for each in hearing(recording, "dhcpv6-server", dhcpv6.messages) if each.relays),
                    lambda each: (each.transaction_id, each.client_duid, each.source))
    pairs = [(forwards, each) for each in sent if (forwards := _lately(
        asked.get((each.transaction_id, each.client_duid, each.destination), []), each))]
    examine(notebook, [each for _, each in pairs], "no Relay-forward with its Relay-reply was seen")
    for forwards, each in pairs:
        path = [(relay.link_address, relay.peer_address, relay.interface_id) for relay in each.relays]
        same = any(path == [(relay.link_address, relay.peer_address, relay.interface_id) for relay in one.relays]
                   for one in reversed(forwards))
        must(notebook, same, "the Relay-reply has other addresses or another Interface-ID than the Relay-forward",
             forwards[-1], each)
    notebook.finding = f"{len(pairs)} Relay-replies go back as the Relay-forwards came"


@check("DHCP6-32", role="relay", passive=True)
def test_wire_relay_forwards(recording: Recording, notebook: Notebook) -> None:
    """A client's message is wrapped with hop count 0, and the client's address as peer (RFC 8415 section 19.1.1)."""
    sent = [each for each in _forwards(recording) if len(each.relays) == 1]
    examine(notebook, sent, "no Relay-forward was seen")
    for each in sent:
        inner = each.relays[-1]
        must(notebook, not is_malformed(each), f"the Relay-forward is malformed: {each.malformed}", each)
        must(notebook, inner.hop_count == 0, f"a client's message has hop count {inner.hop_count}", each)
        must(notebook, not inner.peer_address.is_multicast, f"the peer address is {inner.peer_address}", each)
        must(notebook, not inner.link_address.is_multicast, f"the link address is {inner.link_address}", each)
    notebook.finding = f"{len(sent)} Relay-forwards as they should be"


@check("DHCP6-33", role="relay", passive=True)
def test_wire_hop_counts(recording: Recording, notebook: Notebook) -> None:
    """Each relay counts one hop more than the one before, and none more than 8 (RFC 8415 sections 7.6, 19.1.2)."""
    sent = [each for each in _forwards(recording) if len(each.relays) > 1]
    examine(notebook, sent, "no Relay-forward with another inside was seen")
    for each in sent:
        counts = [relay.hop_count for relay in each.relays]
        rising = counts == list(range(counts[0], counts[0] - len(counts), -1))
        must(notebook, rising, f"the hop counts are {', '.join(map(str, counts))}, from the outermost", each)
        must(notebook, counts[0] <= HOP_COUNT_LIMIT, f"a hop count is {counts[0]}", each)
    notebook.finding = f"{len(sent)} Relay-forwards count their hops"


def _forwards(recording: Recording) -> list[Message]:
    return [each for each in saying(recording, "relay", dhcpv6.messages)
            if each.relays and each.relays[0].name == RELAY_FORWARD]


@edited(test_wire_replies, because="with which nothing there asked")
def replies_in_another_transaction(recording: Recording) -> Recording:
    return with_fields(as_play(recording), _messages(recording, "Reply"), "DHCP6_Reply", trid=0x999)


@edited(test_wire_replies, because="the Reply names another server than the first Reply")
def replies_as_another_server(recording: Recording) -> Recording:
    other = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")
    return with_fields(as_play(recording), _messages(recording, "Reply")[-1:], "DHCP6OptServerId", duid=other)


@edited(test_wire_replies, because="the Reply is about the IA 0x9, which did not ask")
def replies_about_another_association(recording: Recording) -> Recording:
    replies = [each for each in _messages(recording, "Reply") if each.ia_na]
    return with_fields(recording, replies, "DHCP6OptIA_NA", iaid=9)


@edited(test_wire_advertises, because="with which nothing there asked")
def offers_to_somebody_else(recording: Recording) -> Recording:
    return with_fields(as_play(recording), _messages(recording, "Advertise"), "IPv6", dst="fe80::99")


@edited(test_wire_advertises, because="has the option 2 twice")
def offers_as_itself_twice(recording: Recording) -> Recording:
    return with_option(recording, _messages(recording, "Advertise"), server_identifier())


@healthy(test_wire_advertises)
@healthy(test_wire_replies)
@healthy(test_wire_leases_are_coherent)
@healthy(test_wire_relay_replies_go_back_as_they_came)
def server_of_the_sample() -> Recording:
    return conversation("dhcpv6-server")


@healthy(test_wire_relay_forwards)
@healthy(test_wire_hop_counts)
def relay_of_the_sample() -> Recording:
    return conversation("relay")


def _offers(recording: Recording) -> list[Message]:
    return _messages(recording, "Advertise")


@edited(test_wire_advertises, because="another client")
def offers_to_another(recording: Recording) -> Recording:
    duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")
    return with_fields(recording, _offers(recording), "DHCP6OptClientId", duid=duid)


@edited(test_wire_advertises, because="neither an address nor a status")
def offers_nothing(recording: Recording) -> Recording:
    return with_fields(recording, _offers(recording), "DHCP6OptIA_NA", ianaopts=[])


@edited(test_wire_advertises, because="which did not ask")
def offers_for_another_association(recording: Recording) -> Recording:
    return with_fields(recording, _offers(recording), "DHCP6OptIA_NA", iaid=9)


@edited(test_wire_replies, because="the Reply has no Client Identifier")
def replies_to_nobody(recording: Recording) -> Recording:
    return editing.rewritten(recording, _messages(recording, "Reply"), less("DHCP6OptClientId"))


@edited(test_wire_replies, because="the Reply has no Server Identifier")
def replies_as_nobody(recording: Recording) -> Recording:
    return editing.rewritten(recording, _messages(recording, "Reply"), less("DHCP6OptServerId"))


@edited(test_wire_replies, because="another client")
def replies_to_another(recording: Recording) -> Recording:
    duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")
    return with_fields(recording, _messages(recording, "Reply"), "DHCP6OptClientId", duid=duid)


@edited(test_wire_replies, because="another server")
def replies_in_place_of_another(recording: Recording) -> Recording:
    duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")
    return with_fields(recording, _messages(recording, "Reply"), "DHCP6OptServerId", duid=duid)


@edited(test_wire_leases_are_coherent, because="preferred for 9000 s and valid for 3600 s")
def grants_what_outlives_itself(recording: Recording) -> Recording:
    granted = [each for each in _messages(recording, "Reply") if each.addresses]
    return with_fields(recording, granted, "DHCP6OptIAAddress", preflft=9000)


@edited(test_wire_leases_are_coherent, because="the Advertise has T1 2000 s above T2 1440 s")
def offers_to_rebind_before_it_renews(recording: Recording) -> Recording:
    return with_fields(recording, _offers(recording), "DHCP6OptIA_NA", T1=2000)


@edited(test_wire_relay_replies_go_back_as_they_came, because="another Interface-ID")
def replies_through_another_interface(recording: Recording) -> Recording:
    replies = [each for each in saying(recording, "dhcpv6-server", dhcpv6.messages) if each.relays]
    return with_fields(recording, replies, "DHCP6OptIfaceId", ifaceid=b"another")


@edited(test_wire_relay_forwards, because="hop count 1")
def wraps_as_the_second(recording: Recording) -> Recording:
    return with_fields(recording, _forwards(recording)[:1], "DHCP6_RelayForward", hopcount=1)


@edited(test_wire_hop_counts, because="the hop counts are 0, 0")
def does_not_count(recording: Recording) -> Recording:
    nested = [each for each in _forwards(recording) if len(each.relays) > 1]
    return with_fields(recording, nested, "DHCP6_RelayForward", hopcount=0)
