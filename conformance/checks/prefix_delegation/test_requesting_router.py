"""A router that is delegated a prefix: it asks for one, and gives its other links subnets of it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Network
from typing import Any

from conformance.broken.dhcpv6_edits import changed_delegation
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.delegations import addresses, downstream_advertisements
from conformance.reading.receivable import echo_replies
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6, transport
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.prefix_delegation.delegated_link import DelegatedLink, SubnetUnused
from fixtures.stagecraft.marks import Attempt
from topologies.delegation import DELEGATED

#: Seconds that a lifetime may be rounded up by.
ROUNDED = 1.0
#: The number of an option that nobody has defined.
UNKNOWN = 65000


def replies(recording: Recording, notebook: Notebook) -> list[Message]:
    """The Replies that delegate a prefix, as the router got them."""
    found = dhcpv6.messages(recording.at("cpe", "eth0", outgoing=False), "Reply")
    return notebook.stimulus([each for each in found if any(ia.prefixes for ia in each.ia_pd)],
                             "no Reply delegated a prefix to the router")


def delegated_by(reply: Message) -> list[IPv6Network]:
    """The prefixes of a Reply."""
    return [prefix.network for ia in reply.ia_pd for prefix in ia.prefixes]


@check("PD-01.asks", DelegatedLink(), role="requesting-router")
def test_asks_for_a_prefix(recording: Recording, notebook: Notebook) -> None:
    """Its Solicit and its Request have an IA_PD (RFC 9915 section 18.2.1)."""
    sent = dhcpv6.messages(recording.at("cpe", "eth0", outgoing=True), "Solicit", "Request")
    for message in notebook.stimulus(sent, "the router sent neither a Solicit nor a Request"):
        notebook.expect(message.ia_pd, f"its {message.name.capitalize()} has no IA_PD", message)


@edited(test_asks_for_a_prefix, because="its Request has no IA_PD")
def asks_for_an_address_only(recording: Recording) -> Recording:
    """The option of its Request is one that nobody knows."""
    return changed_delegation(recording, "Request", lambda association: setattr(association, "optcode", UNKNOWN))


@check("PD-01.assigns", DelegatedLink(), role="requesting-router")
def test_gives_its_link_a_subnet(recording: Recording, notebook: Notebook) -> None:
    """Its other link gets an address with a /64 of the delegated prefix (RFC 7084 section 4.3 L-2)."""
    last = replies(recording, notebook)[-1]
    found = addresses(recording, "lan0", delegated_by(last))
    notebook.expect(found, f"lan0 got no address of {delegated_by(last)[0]}", last)
    for event in found:
        notebook.expect(event.fields["prefixlen"] == 64,
                        f"{event.fields['local']} of lan0 has a prefix length of {event.fields['prefixlen']}", event)


@edited(test_gives_its_link_a_subnet, because="lan0 got no address of")
def keeps_the_prefix_to_itself(recording: Recording) -> Recording:
    """No address came."""
    gone = addresses(recording, "lan0", [DELEGATED])
    return replace(recording, events=tuple(each for each in recording.events if each not in gone))


@edited(test_gives_its_link_a_subnet, because="has a prefix length of 56")
def puts_all_on_one_link(recording: Recording) -> Recording:
    """The whole delegation is on-link there."""
    mine = addresses(recording, "lan0", [DELEGATED])
    return replace(recording, events=tuple(
        replace(each, fields={**each.fields, "prefixlen": 56}) if each in mine else each for each in recording.events))


@check("PD-01.not-on-the-uplink", DelegatedLink(), role="requesting-router")
def test_gives_its_uplink_nothing(recording: Recording, notebook: Notebook) -> None:
    """Its uplink gets no address of the delegated prefix (RFC 9915 section 6.3)."""
    last = replies(recording, notebook)[-1]
    notebook.cite(last)
    for event in addresses(recording, "eth0", delegated_by(last)):
        notebook.expect(False, f"the uplink got {event.fields['local']}, of {delegated_by(last)[0]}", event)


@edited(test_gives_its_uplink_nothing, because="the uplink got")
def numbers_its_uplink(recording: Recording) -> Recording:
    """The uplink gets the address of its other link, too."""
    mine = addresses(recording, "lan0", [DELEGATED])[0]
    return editing.with_event(recording, replace(mine, fields={**mine.fields, "ifname": "eth0"}))


@check("PD-01.lifetimes", DelegatedLink(), role="requesting-router", needs=("advertises-its-links",))
def test_advertises_what_is_left(recording: Recording, notebook: Notebook) -> None:
    """Its RAs give the delegated prefix no longer lifetimes than are left of the delegation (RFC 9096 section 3.3)."""
    got = replies(recording, notebook)
    mine = [(ra, each, reply, lease) for ra in downstream_advertisements(recording) for each in ra.prefixes
            for reply in [one for one in got if one.time <= ra.time][-1:] for ia in reply.ia_pd for lease in ia.prefixes
            if each.network.overlaps(DELEGATED) and each.network.subnet_of(lease.network)]
    for ra, each, reply, lease in notebook.stimulus(mine, "no RA had a prefix of the delegated one"):
        for word, told, whole in (("preferred", each.preferred, lease.preferred), ("valid", each.valid, lease.valid)):
            left = whole - (ra.time - reply.time)
            notebook.expect(told <= left + ROUNDED, f"the RA gives {each.network} a {word} lifetime of {told} s, and"
                            f" {left:.1f} s are left of the delegation", reply, ra)


@edited(test_advertises_what_is_left, because="a valid lifetime of 2592000 s")
def advertises_a_month(recording: Recording) -> Recording:
    """What RFC 4861 has as a default for prefixes that a router owns."""
    def change(packet: Any) -> None:
        packet[layer("inet6").ICMPv6NDOptPrefixInfo].validlifetime = 2592000

    return editing.rewritten(recording, [ra for ra in downstream_advertisements(recording) if ra.prefixes], change)


@check("PD-01.not-sent-back", DelegatedLink(), role="requesting-router")
def test_sends_nothing_back(recording: Recording, notebook: Notebook) -> None:
    """An Echo Request to a subnet that it gave to no link does not leave by its uplink again (RFC 7084 WPD-5)."""
    mark = notebook.stimulus(recording.marked(SubnetUnused), "nothing was delegated")[0]
    echoes = [each for each in transport.echoes(recording.at("cpe", "eth0"))
              if str(each.destination) == mark.what.address]
    came = notebook.stimulus([each for each in echoes if not each.frame.outgoing],
                             "no Echo Request came to the router")[0]
    back = [each for each in echoes if each.frame.outgoing]
    notebook.expect(not back, f"the Echo Request to {mark.what.address} went back by the uplink", came, *back[:1])


@edited(test_sends_nothing_back, because="went back by the uplink")
def loops(recording: Recording) -> Recording:
    """What came for that subnet goes back."""
    address = recording.marked(SubnetUnused)[0].what.address
    came = next(each for each in transport.echoes(recording.at("cpe", "eth0", outgoing=False))
                if str(each.destination) == address)
    return editing.with_frame(recording, came.frame.data, time=came.time + 0.001, node="cpe", interface="eth0",
                              outgoing=True)


@check("PD-01.reached", DelegatedLink(), role="requesting-router", needs=("advertises-its-links",))
def test_host_behind_it_is_reached(recording: Recording, notebook: Notebook) -> None:
    """A host behind it answers from an address of the delegated prefix (RFC 7084 section 4.1)."""
    last = replies(recording, notebook)[-1]
    tried = recording.marked(Attempt)
    notebook.expect(tried, "the host behind it formed no address of the delegated prefix", last,
                    *downstream_advertisements(recording))
    answers = [each for each in echo_replies(recording.at("outside", outgoing=False))
               if str(each.source) == tried[0].what.to]
    notebook.expect(answers, f"the host at {tried[0].what.to} did not answer an Echo Request from outside", last,
                    tried[0])
    notebook.cite(answers[0])


@edited(test_host_behind_it_is_reached, because="did not answer")
def forwards_nothing(recording: Recording) -> Recording:
    """No Echo Reply gets out."""
    return replace(recording, frames=tuple(
        frame for frame in recording.frames
        if not (frame.node == "outside" and any(each.reply for each in transport.echoes([frame])))))


@edited(test_host_behind_it_is_reached, because="formed no address")
def hosts_form_no_address(recording: Recording) -> Recording:
    """The outside never knew where to ask."""
    return replace(recording, marks=tuple(each for each in recording.marks if not each.is_a(Attempt)))
