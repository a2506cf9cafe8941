"""Who a DHCPv6 server says it is, and how it says what it says, in all that it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.duids import flaw
from conformance.reading.questions import answers_to, asked_of, questions
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.exchanges import HOLDER, Dhcpv6Exchanges

ASKED = Dhcpv6Exchanges()
#: What a decoder puts in the place of what is no UTF-8.
UNREADABLE = "\N{REPLACEMENT CHARACTER}"


def is_well_formed(message: Message) -> str | None:
    """It can be read whole."""
    return f"is malformed: {message.malformed}" if message.malformed else None


def has_a_sound_duid(message: Message) -> str | None:
    """It names its server, by a DUID that has the form of its type."""
    if message.server_duid is None:
        return "has no Server Identifier"
    wrong = flaw(message.server_duid)
    return f"has the Server Identifier {wrong}" if wrong else None


def has_readable_texts(message: Message) -> str | None:
    """What its statuses say is UTF-8."""
    statuses = [message.status, *(ia.status for ia in (*message.ia_na, *message.ia_pd))]
    found = [each for each in statuses if each is not None and UNREADABLE in each.message]
    return f"has a text that is no UTF-8, {found[0]}" if found else None


#: By part: what may be wrong with an answer.
SAID: dict[str, Callable[[Message], str | None]] = {
    "well-formed": is_well_formed, "server-duid": has_a_sound_duid, "texts": has_readable_texts}


@check("DHCP6-50", ASKED, role="dhcpv6-server", parts=SAID)
def test_says_it_well(recording: Recording, notebook: Notebook, part: str) -> None:
    """Every answer is well-formed, names its server soundly, and has texts in UTF-8 (RFC 9915 sections 11, 21.13)."""
    everything = [answer for each in questions(recording, "lease", "exchange") for answer in each.answers]
    notebook.cite(*notebook.stimulus(everything, "the server answered nothing"))
    for answer in everything:
        wrong = SAID[part](answer)
        notebook.expect(wrong is None, f"its {answer.name} {wrong}", answer)
    notebook.finding = f"so in {len(everything)} answers"


def _cut(data: bytes) -> bytes:
    return data[:-3]


def _with_half_a_duid(packet: Any) -> None:
    packet[layer("dhcp6").DHCP6OptServerId].duid = b"\0\3\0\1\2\0\0\0"


def _with_noise(packet: Any) -> Any:
    return packet / layer("dhcp6").DHCP6OptStatusCode(statuscode=0, statusmsg=b"\xff\xfe")


@edited(test_says_it_well, because={"well-formed": "is malformed"})
def server_that_cuts_short(recording: Recording, part: str) -> Recording:
    return editing.with_bytes(recording, answers_to(recording, "exchange", "renew"), _cut)


@edited(test_says_it_well, because={"server-duid": "a DUID of Ethernet has 10 octets"})
def server_with_half_a_duid(recording: Recording, part: str) -> Recording:
    return editing.rewritten(recording, answers_to(recording, "exchange", "renew"), _with_half_a_duid)


@edited(test_says_it_well, because={"texts": "a text that is no UTF-8"})
def server_that_mumbles(recording: Recording, part: str) -> Recording:
    return editing.rewritten(recording, answers_to(recording, "exchange", "request-again"), _with_noise)


@check("DHCP6-50.after-a-restart", ASKED, role="dhcpv6-server")
def test_is_the_same_after_a_restart(recording: Recording, notebook: Notebook) -> None:
    """After a restart its DUID is the one that it had before (RFC 9915 section 11, as RFC 8415)."""
    before = asked_of(recording, notebook, "lease", f"request-{HOLDER}").answer(notebook, "Reply")
    after = asked_of(recording, notebook, "exchange", "solicit-after-a-restart").answer(notebook, "Advertise")
    was, now = ((each.server_duid or b"").hex(":") for each in (before, after))
    notebook.expect(was == now, f"the server's DUID is {now} after a restart, and was {was}", before, after)


@edited(test_is_the_same_after_a_restart, because="after a restart, and was")
def server_with_a_new_name(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptServerId].duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")

    return editing.rewritten(recording, answers_to(recording, "exchange", "solicit-after-a-restart"), change)
