"""What is inside a DHCPv6 client's messages, kind by kind, as far as the wire alone tells."""

from __future__ import annotations

from collections.abc import Callable

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.duids import flaw
from conformance.wire.clients import mine
from conformance.wire.dates import rule
from conformance.wire.edits import with_fields, with_option
from conformance.wire.sample import conversation
from conformance.wire.spoken import examine, is_malformed, must
from fixtures.protocols.dhcpv6 import (
    AUTHENTICATION,
    CLIENT_ID,
    DNS_SERVERS,
    DOMAINS,
    ELAPSED_TIME,
    IA_ADDRESS,
    IA_NA,
    IA_PD,
    IA_PREFIX,
    IA_TA,
    INTERFACE_ID,
    OPTION_REQUEST,
    PREFERENCE,
    RAPID_COMMIT,
    RECONFIGURE_ACCEPT,
    RECONFIGURE_MESSAGE,
    RELAY_MESSAGE,
    SERVER_ID,
    SOL_MAX_RT,
    STATUS,
    UNICAST,
    USER_CLASS,
    VENDOR_CLASS,
)
from fixtures.recording.model import Recording
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer

#: Options that nobody may ask for (RFC 9915 section 24, as RFC 8415: "Client ORO: No").
UNASKABLE = {CLIENT_ID, SERVER_ID, IA_NA, IA_TA, IA_ADDRESS, OPTION_REQUEST, PREFERENCE, ELAPSED_TIME, RELAY_MESSAGE,
             AUTHENTICATION, UNICAST, STATUS, RAPID_COMMIT, USER_CLASS, VENDOR_CLASS, INTERFACE_ID,
             RECONFIGURE_MESSAGE, RECONFIGURE_ACCEPT, IA_PD, IA_PREFIX}
#: What only servers or relays send.
NOT_OF_CLIENTS = {PREFERENCE: "Preference", UNICAST: "Server Unicast", RELAY_MESSAGE: "Relay Message",
                  INTERFACE_ID: "Interface-Id", RECONFIGURE_MESSAGE: "Reconfigure Message"}
#: All that a client sends.
ASKING = ("Solicit", "Request", "Confirm", "Renew", "Rebind", "Release", "Decline", "Information-request")


def asks(code: int, what: str) -> Callable[[Message], str | None]:
    """Its Option Request option has the code."""

    def complaint(message: Message) -> str | None:
        asked = ", ".join(map(str, message.option_request)) or "nothing"
        return None if code in message.option_request else f"asks for {asked}, not for {code} ({what})"

    return complaint


def has_no_configuration(message: Message) -> str | None:
    """It has no name servers and no search list."""
    found = [str(code) for code in (DNS_SERVERS, DOMAINS) if code in message.options]
    return f"has the option {', '.join(found)}" if found else None


def asks_for_what_may_be_asked(message: Message) -> str | None:
    """Its Option Request option has no code of those that nobody may ask for."""
    found = sorted(UNASKABLE & set(message.option_request))
    return f"asks for the option {', '.join(map(str, found))}, which nobody may ask for" if found else None


def has_what_clients_may_send(message: Message) -> str | None:
    """It has no option that only servers or relays send."""
    found = [name for code, name in NOT_OF_CLIENTS.items() if code in message.options]
    return f"has a {found[0]} option" if found else None


def has_a_sound_duid(message: Message) -> str | None:
    """Its DUID is of a known type, and has what that type has."""
    wrong = flaw(message.client_duid or b"")
    return f"has the DUID {wrong}" if wrong else None


RENEWING = ("Request", "Renew", "Rebind")
#: By part: the kinds of messages, and what is wrong with one, if anything.
INSIDE: dict[str, tuple[tuple[str, ...], Callable[[Message], str | None]]] = {
    **{f"dns-in-{name.lower()}": ((name,), asks(DNS_SERVERS, "name servers"))
       for name in ("Solicit", *RENEWING, "Information-request")},
    **{f"no-dns-of-its-own-in-{name.lower()}": ((name,), has_no_configuration)
       for name in ("Confirm", "Release", "Decline")},
    **{f"sol-max-rt-in-{name.lower()}": ((name,), asks(SOL_MAX_RT, "SOL_MAX_RT")) for name in RENEWING},
    "option-request": (ASKING, asks_for_what_may_be_asked),
    "options-of-others": (ASKING, has_what_clients_may_send),
    "duid": (ASKING, has_a_sound_duid),
}


@check("DHCP6-48", role="guest", passive=True, parts=INSIDE)
def test_wire_options_of_clients(recording: Recording, notebook: Notebook, part: str) -> None:
    """What a client's messages have in them, kind by kind (RFC 9915 sections 11, 18.2, 21; RFC 3646 section 5).

    SOL_MAX_RT is asked for since RFC 7083, and in all of these since RFC 8415.
    """
    names, complaint = INSIDE[part]
    sent = [each for each in mine(recording, *names) if not is_malformed(each)]
    if part == "duid":
        sent = [each for each in sent if each.client_duid is not None]
    examine(notebook, sent, f"no {' or '.join(names)} was seen that is well formed")
    with rule(notebook, "RFC 8415"):
        for each in sent:
            wrong = complaint(each)
            must(notebook, wrong is None, f"the {each.name} {wrong}", each)
    notebook.finding = f"so in {len(sent)} messages"


@healthy(test_wire_options_of_clients)
def client_of_the_sample() -> Recording:
    return conversation("guest")


@edited(test_wire_options_of_clients, because={
    **{part: "not for 23" for part in INSIDE if part.startswith("dns-")},
    **{part: "not for 82" for part in INSIDE if part.startswith("sol-")},
    "option-request": "asks for the option 3, 20, which nobody may ask for"})
def asks_for_something_else(recording: Recording, part: str) -> Recording:
    """A client's request list is not its own."""
    return with_fields(recording, mine(recording, *INSIDE[part][0])[:1], "DHCP6OptOptReq", reqopts=[3, 20, 56])


@edited(test_wire_options_of_clients, because={part: "has the option 23" for part in INSIDE if part.startswith("no-")})
def tells_its_name_servers(recording: Recording, part: str) -> Recording:
    option = layer("dhcp6").DHCP6OptDNSServers(dnsservers=["2001:db8::53"])
    return with_option(recording, mine(recording, *INSIDE[part][0]), option)


@edited(test_wire_options_of_clients, because={"options-of-others": "has a Preference option"})
def prefers_itself(recording: Recording, part: str) -> Recording:
    return with_option(recording, mine(recording, "Request"), layer("dhcp6").DHCP6OptPref(prefval=255))


@edited(test_wire_options_of_clients, because={"duid": "a DUID of Ethernet has 10 octets"})
def has_half_a_duid(recording: Recording, part: str) -> Recording:
    duid = b"\0\3\0\1\2\0\0\0"
    return with_fields(recording, mine(recording, "Request"), "DHCP6OptClientId", duid=duid)
