"""Asking a DHCPv6 server for other information only, where addresses come from elsewhere (RFC 8415 section 6.1)."""

from __future__ import annotations

from typing import Any

from conformance.broken.dhcpv6_edits import of_kind, with_message, with_option
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.granting import less
from conformance.reading.leases import client_messages
from conformance.reading.receivable import believable, server_answers
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.protocols.dhcpv6 import IA_NA, IA_PD, IA_TA, INF_MAX_RT, REFRESH_TIME
from fixtures.protocols.ports import DHCPV6_SERVER_PORT
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6, dns, ndp
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.networks import Mode
from fixtures.scenarios.dhcpv6.misleading_answers import ReconfigureSent
from fixtures.scenarios.dhcpv6.stateless_guest import Lookup, StatelessGuest
from fixtures.timers import INF_MAX_DELAY
from topologies.stage import addressing as plan

STATELESS = GuestBoot(mode=Mode.STATELESS)
ASKS = "Information-request"
NEEDS = ("dhcpv6-stateless",)


def stateless_ras(recording: Recording, notebook: Notebook) -> list[ndp.RouterAdvertisement]:
    """The RAs with M=0 and O=1 that reached the guest, and at least one; unjudgeable where one had M=1."""
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    notebook.stimulus([] if any(ra.managed for ra in heard) else [1], "an RA had M=1")
    return believable([ra for ra in heard if ra.other], notebook, "no RA with O=1 reached the guest")


@check("DHCP6-25", STATELESS, StatelessGuest(), role="guest", needs=NEEDS)
def test_asks_for_information_only(recording: Recording, notebook: Notebook) -> None:
    """With M=0 and O=1 the client sends Information-request, and no message that has an IA (RFC 8415 section 18.2.6).

    It goes to ff02::1:2 port 547 from a link-local address, with Elapsed Time, and names no server.
    """
    told = stateless_ras(recording, notebook)[0]
    others = [each for each in client_messages(recording) if each.name != ASKS]
    notebook.expect(not others, f"the guest sent {others[0].name if others else ''}, with M=0", told, *others[:1])
    asked = client_messages(recording, ASKS)
    notebook.expect(asked, "the guest sent no Information-request, although O=1", told)
    for message in asked:
        _well_formed(notebook, message)
    answers = [each for each in server_answers(recording.at("guest", "eth0", outgoing=False), "Reply")
               if each.transaction_id in {message.transaction_id for message in asked}]
    notebook.stimulus(answers, "no server answered")
    notebook.cite(answers[0])
    waited = asked[0].time - told.time
    notebook.figure("Information-request after the RA", waited, "s")
    notebook.finding = f"information asked for {waited:.1f} s after the RA, and no address"


def _well_formed(notebook: Notebook, message: Message) -> None:
    notebook.expect(message.malformed is None,
                    f"the guest's Information-request is malformed: {message.malformed}", message)
    to = (message.destination, message.destination_port)
    notebook.expect(to == (ALL_DHCP_AGENTS, DHCPV6_SERVER_PORT),
                    f"the guest sent its Information-request to {to[0]} port {to[1]}, not to ff02::1:2 port 547",
                    message)
    notebook.expect(message.source.is_link_local,
                    f"the guest sent its Information-request from {message.source}, which is not link-local", message)
    notebook.expect(message.elapsed_time is not None, "the guest's Information-request has no Elapsed Time", message)
    notebook.expect(message.server_duid is None, "the guest's Information-request names a server", message)
    ias = sorted({IA_NA, IA_TA, IA_PD} & set(message.options))
    notebook.expect(not ias, f"the guest's Information-request has an IA (option {ias})", message)


@edited(test_asks_for_information_only, because="no Information-request, although O=1")
def guest_that_ignores_the_flag(recording: Recording) -> Recording:
    return editing.without(recording, frames=dhcpv6.messages(recording.frames))


@edited(test_asks_for_information_only, because="the guest sent Solicit, with M=0")
def client_that_solicits(recording: Recording) -> Recording:
    return editing.rewritten(recording, client_messages(recording, ASKS), of_kind("Solicit"))


@edited(test_asks_for_information_only, because="has an IA")
def client_that_wants_an_address_too(recording: Recording) -> Recording:
    return editing.rewritten(recording, client_messages(recording, ASKS),
                             with_option(lambda dhcp6: dhcp6.DHCP6OptIA_NA(iaid=1)))


@edited(test_asks_for_information_only, because="has no Elapsed Time")
def client_that_tells_no_time(recording: Recording) -> Recording:
    return editing.rewritten(recording, client_messages(recording, ASKS), less("DHCP6OptElapsedTime"))


@check("DHCP6-25", StatelessGuest(), role="guest", needs=NEEDS)
def test_asks_how_long_information_is_good(recording: Recording, notebook: Notebook) -> None:
    """The Option Request of an Information-request has INF_MAX_RT and Information Refresh Time (RFC 8415 18.2.6)."""
    stateless_ras(recording, notebook)
    for message in notebook.stimulus(client_messages(recording, ASKS), "no Information-request was sent"):
        asked = ", ".join(map(str, message.option_request)) or "nothing"
        for code in (REFRESH_TIME, INF_MAX_RT):
            notebook.expect(code in message.option_request,
                            f"the guest's Information-request asks for the options {asked}, not for {code}", message)
    notebook.finding = "every Information-request asks for options 32 and 83"


@edited(test_asks_how_long_information_is_good, because="not for 83")
def client_of_the_old_rfc(recording: Recording) -> Recording:
    return editing.rewritten(recording, client_messages(recording, ASKS), _forgetting(INF_MAX_RT))


@edited(test_asks_how_long_information_is_good, because="not for 32")
def client_that_never_refreshes(recording: Recording) -> Recording:
    return editing.rewritten(recording, client_messages(recording, ASKS), _forgetting(REFRESH_TIME))


def _forgetting(code: int) -> Any:
    def change(packet: Any) -> None:
        asked = packet[layer("dhcp6").DHCP6OptOptReq]
        asked.reqopts = [each for each in asked.reqopts if each != code]

    return change


@check("DHCP6-25", StatelessGuest(), role="guest", needs=(*NEEDS, "dns-configuration"))
def test_uses_the_name_server_it_was_told(recording: Recording, notebook: Notebook) -> None:
    """The guest's programs ask the name server of the Reply, which no RA names (RFC 8415 18.2.10.2, RFC 3646)."""
    told = [each for each in server_answers(recording.at("guest", "eth0", outgoing=False), "Reply")
            if plan.NAME_SERVER in each.dns]
    reply = notebook.stimulus(told, "no Reply named a name server")[0]
    lookup = notebook.stimulus(recording.marked(Lookup), "nothing was looked up")[0]
    queries = [each for each in dns.messages(recording.at("guest", "eth0", outgoing=True), response=False)
               if each.time > lookup.time]
    mine = [each for each in queries if each.destination == plan.NAME_SERVER]
    instead = f"; {queries[0].destination} was asked" if queries else ""
    notebook.expect(mine, f"the guest asked no name at {plan.NAME_SERVER}, which DHCPv6 had named{instead}", reply,
                    *queries[:1])
    notebook.cite(mine[0])
    notebook.finding = f"names were looked up at {plan.NAME_SERVER}, which only DHCPv6 had named"


@edited(test_uses_the_name_server_it_was_told, because="asked no name at")
def client_that_keeps_it_to_itself(recording: Recording) -> Recording:
    return editing.without(recording, frames=dns.messages(recording.at("guest")))


@check("DHCP6-26", StatelessGuest(), role="guest", needs=NEEDS)
def test_asks_for_information_once(recording: Recording, notebook: Notebook) -> None:
    """RAs that only count down their lifetimes are no reason to ask again (RFC 8415 sections 18.2.12, 21.23).

    The information is good for the Information Refresh Time, here ten minutes.
    """
    stateless_ras(recording, notebook)
    told = [each for each in server_answers(recording.at("guest", "eth0", outgoing=False), "Reply")
            if each.body.refresh_time is not None]
    reply = notebook.stimulus(told, "no Reply with an Information Refresh Time reached the guest")[0]
    until = next((mark.time for mark in recording.marked(ReconfigureSent)), recording.duration)
    ras = [ra for ra in ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
           if reply.time < ra.time < until - INF_MAX_DELAY]
    notebook.stimulus(ras[1:], "fewer than two RAs reached the guest afterwards")
    again = [each for each in client_messages(recording, ASKS, after=reply.time) if each.time < until]
    good = f"and the information is good for {reply.body.refresh_time} s"
    notebook.expect(not again,
                    f"the guest sent {len(again)} more Information-requests after {len(ras)} RAs, {good}",
                    reply, ras[0],
                    *again[:1])
    notebook.cite(*ras)
    notebook.finding = f"asked once, although {len(ras)} more RAs came"


@edited(test_asks_for_information_once, because="1 more Information-requests")
def client_that_asks_after_each_advertisement(recording: Recording) -> Recording:
    reply = dhcpv6.messages(recording.at("guest", outgoing=False), "Reply")[0]
    ra = next(ra for ra in ndp.router_advertisements(recording.at("guest", outgoing=False)) if ra.time > reply.time + 1)
    return with_message(recording, client_messages(recording, ASKS)[0], ra.time + 0.2)
