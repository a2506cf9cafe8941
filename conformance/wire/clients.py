"""What passive checks of a DHCPv6 client share."""

from __future__ import annotations

from conformance.judging.verdict import Notebook
from conformance.wire.dates import rule
from conformance.wire.spoken import examine, from_client, hearing, is_capture, is_malformed, is_relayed, must
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message

#: Who must have an Option Request option (RFC 8415 sections 18.2.2, 18.2.4 to 18.2.6); of Solicits it is judged apart.
ASKING = ("Request", "Renew", "Rebind", "Information-request")
#: Exchanges that begin anew. A client may count a Solicit from when it began to try; a Release that is sent in the
#: transaction of an earlier exchange is judged as that (DHCP6-01.new-transaction).
ABOUT_LEASES = ("Request", "Confirm", "Renew", "Rebind", "Decline")

#: Hundredths of a second: processing on a busy host, no timer.
AT_ONCE = 5


def mine(recording: Recording, *names: str) -> list[Message]:
    """The client's messages of these names."""
    return from_client(recording, *names)


def well_formed(recording: Recording, notebook: Notebook, *names: str, server: bool | None, ia: bool) -> list[Message]:
    """The client's messages of these names, as RFC 8415 sections 16 and 18.2 want them.

    To all servers, with Client Identifier and Elapsed Time; with or without a Server Identifier, or either way
    (`server`); with an IA that names an address or a prefix (`ia`). Unicast is left alone: a server may allow it
    (section 18.4), and may have done so before the capture.
    """
    sent = mine(recording, *names)
    told = " or ".join(names)
    examine(notebook, sent, f"no {told} was seen")
    for each in sent:
        name = each.name
        must(notebook, not is_malformed(each), f"the {name} is malformed: {each.malformed}", each)
        must(notebook, each.destination == ALL_DHCP_AGENTS or not each.destination.is_multicast,
             f"the {name} goes to {each.destination}", each)
        must(notebook, each.client_duid, f"the {name} has no Client Identifier", each)
        only_once(notebook, each)
        if name in ASKING:
            with rule(notebook, "RFC 8415"):
                must(notebook, each.option_request, f"the {name} asks for no option", each)
        must(notebook, each.elapsed_time is not None, f"the {name} has no Elapsed Time", each)
        if server is not None:
            has = "no" if server else "a"
            must(notebook, bool(each.server_duid) == server, f"the {name} has {has} Server Identifier", each)
        if ia:
            must(notebook, leases(each), f"the {name} names no address and no prefix", each)
    if not is_capture(recording):
        _expect_no_time_elapsed(notebook, sent)
        _expect_known_servers(recording, notebook, sent)
    where = "; what is around it only the relay knows" if is_relayed(recording) else ""
    notebook.finding = f"{len(sent)} of {told}, formed as they should be{where}"
    return sent


def _expect_no_time_elapsed(notebook: Notebook, sent: list[Message]) -> None:
    """Expect Elapsed Time 0 in the first message of each exchange about a lease (RFC 8415 section 21.9).

    A client that counts from when it decided to begin, as systemd-networkd does, is a tick late on a busy host.
    """
    begun = set()
    for each in sent:
        if each.name in ABOUT_LEASES and each.transaction_id not in begun:
            begun.add(each.transaction_id)
            must(notebook, (each.elapsed_time or 0) <= AT_ONCE, f"the first {each.name} of its exchange says that"
                 f" {(each.elapsed_time or 0) / 100:.2f} s have elapsed", each)


def _expect_known_servers(recording: Recording, notebook: Notebook, sent: list[Message]) -> None:
    """Expect that who names a server was answered by it, under the name that he has (RFC 8415 sections 16, 18.2)."""
    heard = [each for each in hearing(recording, "guest", dhcpv6.messages, "Advertise", "Reply") if not each.relays]
    if any(is_malformed(each) for each in heard):
        return
    since: dict[tuple[bytes | None, bytes | None], float] = {}
    for each in heard:
        since.setdefault((each.server_duid, each.client_duid), each.time)
    for each in sent:
        if each.server_duid is not None:
            must(notebook, since.get((each.server_duid, each.client_duid), each.time) < each.time,
                 f"the {each.name} names the server {hexadecimal(each.server_duid)}, which never answered the client"
                 f" {hexadecimal(each.client_duid)}", each)


def hexadecimal(duid: bytes | None) -> str:
    """A DUID as people read it."""
    return duid.hex(":") if duid else "nobody"


def only_once(notebook: Notebook, message: Message) -> None:
    """Expect that no option stands twice in a message but those that may (RFC 8415 section 21)."""
    twice = message.repeated
    must(notebook, not twice, f"the {message.name} has the option {twice[0] if twice else ''} twice", message)


def leases(message: Message) -> list[object]:
    """The addresses and prefixes that a message names."""
    associations = (*message.ia_na, *message.ia_ta, *message.ia_pd)
    return [each for ia in associations for each in (*ia.addresses, *ia.prefixes)]
