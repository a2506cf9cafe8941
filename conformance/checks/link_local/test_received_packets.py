"""What a host does with packets that are odd in one way: headers, options, fragments, and when it sends an error."""

from __future__ import annotations

from conformance.broken.guests import HastyGuest
from conformance.judging.check import Broken, check, edited, healthy
from conformance.judging.verdict import Notebook
from fixtures.peers.extension_headers import ECHO_IDENTIFIER
from fixtures.protocols.addresses import UNSPECIFIED
from fixtures.protocols.icmp import ECHO_REQUEST, NEIGHBOR_ADVERTISEMENT
from fixtures.protocols.ip import ICMPV6, IPV6_FRAME
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import transport
from fixtures.recording.views.transport import Echo, IcmpError
from fixtures.scenarios.link_local.received_cases import CASES, GROUP, TABLES, Told, sender, sender_mac
from fixtures.scenarios.link_local.received_packets import READ, ReceivedPackets

#: Seconds of patience of the healthy twin.
HASTE = 6.0
AT_ONCE, WAITING = ReceivedPackets(), ReceivedPackets(table="waiting")


def _parts(table: str, requirement: str) -> list[str]:
    return [key for key, case in TABLES[table].items() if case.requirement == requirement]


@check("LL-07", AT_ONCE, role="guest", parts=_parts("at-once", "LL-07"))
@check("LL-08", AT_ONCE, role="guest", parts=_parts("at-once", "LL-08"))
@check("LL-09", AT_ONCE, role="guest", parts=_parts("at-once", "LL-09"))
@check("LL-10", AT_ONCE, role="guest", parts=_parts("at-once", "LL-10"))
@check("LL-10", WAITING, role="guest", parts=_parts("waiting", "LL-10"))
@check("MTU-06", AT_ONCE, role="guest", parts=_parts("at-once", "MTU-06"))
@check("MTU-06", WAITING, role="guest", parts=_parts("waiting", "MTU-06"))
def test_treats_odd_packets_as_it_should(recording: Recording, notebook: Notebook, part: str) -> None:
    """A packet is answered, or its sender is told what is wrong, or there is silence (RFC 8200, RFC 4443).

    A later Echo Request of the same sender shows that the guest was there and had read what came before.
    """
    case = CASES[part]
    came = [frame for frame in recording.at("guest", "eth0", outgoing=False) if _is_of(frame, part)]
    notebook.stimulus(range(len(came) - len(case.sent) + 1), "a packet did not reach the guest")
    notebook.cite(*came[:2])
    read = [each for each in _replies(recording) if each.destination == sender(part) and each.sequence == READ]
    notebook.cite(*notebook.stimulus(read, "the guest did not show that it had read the packet")[:1])
    replies, errors = _answers(recording, part), _errors_about(recording, part, came[0])
    if isinstance(case.answer, Told):
        notebook.expect(errors, "the guest sent no ICMPv6 error", *came)
        _right(errors[0], case.answer, came[0], notebook)
    else:
        notebook.expect(not errors, "the guest sent an ICMPv6 error", *came, *errors)
    if case.answer == "reply":
        notebook.expect(replies, "the guest did not answer the Echo Request", *came)
        notebook.cite(replies[0])
    else:
        notebook.expect(not replies, "the guest answered the Echo Request", *came, *replies)
    notebook.finding = "the packet was treated as it should be"


def _right(error: IcmpError, told: Told, cause: Frame, notebook: Notebook) -> None:
    notebook.expect((error.kind, error.code) == (told.kind, told.code),
                    f"the guest's ICMPv6 error is {error.kind} code {error.code}, not {told.kind} code {told.code}",
                    cause, error)
    right = not told.pointers or error.parameter in told.pointers
    notebook.expect(right, f"the guest's ICMPv6 error points at {error.parameter}, not at "
                    f"{' or '.join(map(str, told.pointers))}", cause, error)


def _is_of(frame: Frame, part: str) -> bool:
    """Whether a frame is one of the case's odd packets, by its sender's MAC: the one that asks at the end is plain."""
    kind = frame.data[20:21] + frame.data[54:55]
    plain = kind == bytes((ICMPV6, ECHO_REQUEST)) and frame.data[60:62] == READ.to_bytes(2, "big")
    answer = kind == bytes((ICMPV6, NEIGHBOR_ADVERTISEMENT))
    return frame.data[6:12].hex(":") == sender_mac(part) and not (plain or answer)


def _replies(recording: Recording) -> list[Echo]:
    return transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=True)


def _answers(recording: Recording, part: str) -> list[Echo]:
    senders = {sender(part, source) for source in ("own", "second")}
    return [each for each in _replies(recording) if each.destination in senders and each.identifier == ECHO_IDENTIFIER]


def _errors_about(recording: Recording, part: str, cause: Frame) -> list[IcmpError]:
    """The errors about the case's packets, wherever they went; whom two cases have in common is told by its header."""
    senders = {sender(part, each.source).packed for each in CASES[part].sent}
    shared = {UNSPECIFIED.packed, GROUP.packed}
    return [each for each in transport.icmp_errors(recording.at("guest", "eth0", outgoing=True))
            if each.invoking[8:24] in senders
            and (each.invoking[8:24] not in shared or each.invoking[6] == cause.data[20])]


@healthy(test_treats_odd_packets_as_it_should, parts=TABLES["waiting"])
def hasty_guest() -> Broken:
    guest = HastyGuest("linux:ip6frag_time", seconds=int(HASTE))
    return Broken(ReceivedPackets(table="waiting", minute=HASTE), {"guest": guest})


ANSWERED = [key for key, case in CASES.items() if case.answer == "reply"]
SILENT = [key for key, case in CASES.items() if case.answer == "silence"]
TOLD = [key for key, case in CASES.items() if isinstance(case.answer, Told)]


@edited(test_treats_odd_packets_as_it_should, because="did not answer the Echo Request", parts=ANSWERED)
def host_that_discards_what_is_odd(recording: Recording, part: str) -> Recording:
    return editing.without(recording, frames=_answers(recording, part))


@edited(test_treats_odd_packets_as_it_should, because="the guest answered the Echo Request", parts=[*SILENT, *TOLD])
def host_that_answers_everything(recording: Recording, part: str) -> Recording:
    """Beside its error, too."""
    plain = next(each for each in _replies(recording) if each.destination == sender(part) and each.sequence == READ)
    data = plain.frame.data[:58] + ECHO_IDENTIFIER.to_bytes(2, "big") + plain.frame.data[60:]
    return editing.with_frame(recording, data, time=plain.time, node="guest", interface="eth0", outgoing=True)


@edited(test_treats_odd_packets_as_it_should, because="the guest sent no ICMPv6 error", parts=TOLD)
def host_that_discards_in_silence(recording: Recording) -> Recording:
    return editing.without(recording, frames=transport.icmp_errors(recording.at("guest", "eth0", outgoing=True)))


@edited(test_treats_odd_packets_as_it_should, because="the guest's ICMPv6 error is destination-unreachable code 0",
        parts=TOLD)
def host_that_says_something_else(recording: Recording) -> Recording:
    def change(data: bytes) -> bytes:
        return data[:54] + b"\x01\x00" + data[56:]

    return editing.with_bytes(recording, transport.icmp_errors(recording.at("guest", "eth0", outgoing=True)), change)


@edited(test_treats_odd_packets_as_it_should, because="the guest's ICMPv6 error points at 99",
        parts=[key for key, case in CASES.items() if isinstance(case.answer, Told) and case.answer.pointers])
def host_that_points_elsewhere(recording: Recording) -> Recording:
    def change(data: bytes) -> bytes:
        return data[:58] + (99).to_bytes(4, "big") + data[62:]

    return editing.with_bytes(recording, transport.icmp_errors(recording.at("guest", "eth0", outgoing=True)), change)


@edited(test_treats_odd_packets_as_it_should, because="the guest sent an ICMPv6 error", parts=[*SILENT, *ANSWERED])
def host_that_complains(recording: Recording, part: str) -> Recording:
    """It sends an error about the packet to somebody."""
    cause = next(frame for frame in recording.at("guest", "eth0", outgoing=False) if _is_of(frame, part))
    quoted = cause.data[14:]
    header = b"\x60\0\0\0" + (8 + len(quoted)).to_bytes(2, "big") + bytes((ICMPV6, 64))
    to_all = bytes.fromhex("333300000001") + cause.data[:6] + IPV6_FRAME
    error = to_all + header + cause.data[38:54] + cause.data[22:38] + bytes((1, 4)) + bytes(6) + quoted
    return editing.with_frame(recording, error, time=cause.time + 0.001, node="guest", interface="eth0", outgoing=True)
