"""A second opinion: our views and tshark read the same in every frame of these recordings.

Equal frames are read once. What is left out is counted: later fragments, what was put together from fragments, and what
either calls malformed (each stops elsewhere in it), what stands where no receiver looks, and what no view offers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fixtures.recording import pcapng
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import dhcpv6, dns, mld, ndp, transport, vrrp
from tests.recording import fields as named
from tests.recording.fields import Reader, same, tshark_fields

Decode = Callable[[Iterable[Frame]], list[Any]]

def _version_3(frames: Iterable[Frame]) -> list[vrrp.VrrpAdvertisement]:
    return [each for each in vrrp.advertisements(frames) if each.version == 3]


#: Neither quoted in an error or a Redirect nor inside a tunnel.
OUTER = "!(icmpv6.type < 128) && !(icmpv6.type == 137) && !(ip.proto == 41)"
#: How our views read a kind of message, and tshark's filter and fields for it.
KINDS: dict[str, tuple[Decode, str, dict[str, Reader]]] = {
    "Router Solicitation": (ndp.router_solicitations, "icmpv6.type == 133", named.ND),
    "Router Advertisement": (ndp.router_advertisements, "icmpv6.type == 134", named.RA),
    "Neighbor Solicitation": (ndp.neighbor_solicitations, "icmpv6.type == 135", named.NS),
    "Neighbor Advertisement": (ndp.neighbor_advertisements, "icmpv6.type == 136", named.NA),
    "Redirect": (ndp.redirects, "icmpv6.type == 137", named.REDIRECT),
    "MLDv2 Report": (mld.reports, "icmpv6.type == 143", named.MLD2),
    "Echo": (transport.echoes, f"icmpv6.type in {{128, 129}} && {OUTER}", named.ECHO),
    "TCP segment": (transport.tcp_segments, f"tcp && ipv6 && {OUTER}", named.TCP),
    "UDP datagram": (transport.udp_datagrams, "udp && ipv6 && !icmpv6", named.UDP),
    "DNS message": (dns.messages, "dns && ipv6 && !icmpv6", named.DNS),
    "DHCPv6 message": (dhcpv6.messages, "dhcpv6 && !icmpv6", named.DHCPV6),
    "VRRP Advertisement": (_version_3, "vrrp.version == 3 && ipv6", named.VRRP),
}


@dataclass(frozen=True)
class Opinions:
    """What was compared, and each difference as one line: recording, frame, field, both values."""

    frames: int
    fields: int
    left_out: int
    differences: tuple[str, ...]

    def __str__(self) -> str:
        found = len(self.differences)
        return (f"oracle disagreements: {found} in {self.fields} fields of {self.frames} messages"
                f" ({self.left_out} left out)")


def compare(recordings: Iterable[Recording], folder: Path) -> Opinions:
    """Both opinions on every different frame; the capture that tshark read is kept in the folder."""
    frames, homes = _different(recordings)
    capture = folder / "all.pcapng"
    capture.write_bytes(pcapng.as_pcapng((), frames, 0))
    differences: list[str] = []
    read: set[int] = set()
    values = left_out = 0
    for kind, (decode, wanted, fields) in KINDS.items():
        theirs = {int(row["frame.number"][0]): row for row in tshark_fields(
                capture, f"({wanted}) && !ipv6.fraghdr", [*fields, *EXTRA]) if _ipv6(row)}
        ours = {view.frame.number: view for view in map(_one(decode), frames) if view is not None}
        for number in sorted(theirs.keys() | ours.keys()):
            view, row = ours.get(number), theirs.get(number)
            where = f"{homes[number]}, {kind}"
            if _beyond(kind, view, row):
                left_out += 1
            elif view is None or row is None:
                differences.append(f"{where}: {'tshark' if view is None else 'our view'} alone sees it")
            else:
                read.add(number)
                values += len(fields)
                differences += [
                    f"{where}: {name} is {told} to tshark, {said} to us" for name, reader in fields.items()
                    if not _left_to_the_card(name, view)
                    and not same(name, told := _outermost(name, row[name], kind), said := list(map(str, reader(view))))]
    return Opinions(len(read), values, left_out, tuple(differences))


#: Fields that only tell what is left out.
EXTRA = ("_ws.malformed", "dhcpv6.option.type", "dhcpv6.msgtype", "dns.count.add_rr", "dns.srv.name",
         "ipv6.routing.segleft", "udp.dstport")
#: DHCPv6's options that hold others: IA_NA, IA_TA, IA_PD (RFC 8415 section 21).
ASSOCIATIONS = {"3", "4", "25"}
#: Those that belong into the message itself. A relay's own (9, 18) belong into none of a client's or a server's.
WHERE_ALL_LOOK = (1, 2, 6, 7, 8)
#: Messages in which a status code tells nothing, and the highest type that a message has (RFC 8415 section 7.3).
OF_CLIENTS = ("Solicit", "Request", "Confirm", "Renew", "Rebind", "Release", "Decline", "Information-request")
LAST_MESSAGE = 13
DHCPV6_PORTS = {"546", "547"}


def _beyond(kind: str, view: Any, row: dict[str, list[str]] | None) -> bool:
    """Whether it is a fragment or malformed, or what tshark says more is none of our views' business."""
    if view is not None and (view.malformed or view.headers.fragment):
        return True
    if row is None:
        return False
    if any(left != "0" for left in row["ipv6.routing.segleft"]):  # the checksum is that of the last destination
        return True
    if kind == "DHCPv6 message" and (any(int(each) > LAST_MESSAGE for each in row["dhcpv6.msgtype"])
                                     or not DHCPV6_PORTS & set(row["udp.dstport"])):
        return True
    if kind == "DNS message" and (view is None or _adds(row)):
        return True
    return bool(row["_ws.malformed"]) or (kind == "DHCPv6 message" and _is_misplaced(view, row))


def _is_misplaced(view: Any, row: dict[str, list[str]]) -> bool:
    """Whether an option stands where it does not belong, inside another say, or one that counts once is there twice."""
    if view is not None and any(view.options.count(code) > 1 for code in (1, 2, 13)):
        return True
    types = row["dhcpv6.option.type"]
    of_relays = types[:len(types) - types[::-1].index("9")] if "9" in types and view is not None and view.relays else []
    options = Counter(types)
    if view is not None:
        if any(options[str(code)] > view.options.count(code) for code in WHERE_ALL_LOOK):
            return True
        if not view.relays and (options["9"] or options["18"]):
            return True
        if "13" in of_relays or (options["13"] and view.name in OF_CLIENTS):
            return True
    told = [each for each in row["dhcpv6.option.type"] if each in ASSOCIATIONS]
    return view is not None and len(told) > len([each for each in view.options if str(each) in ASSOCIATIONS])


def _adds(row: dict[str, list[str]]) -> bool:
    """Whether a DNS message has addresses in its additional section, which our view does not offer."""
    return bool(row["dns.srv.name"]) and row["dns.count.add_rr"] != ["0"]


def _left_to_the_card(name: str, view: Any) -> bool:
    """Whether a checksum is still to be summed up by the sender's network card: wrong to tshark 4.0, right to 4.4."""
    return name.endswith(".checksum.status") and view.summed and not view.checksum_ok


#: What a packet has that a Redirect quotes, too.
_OF_EACH_PACKET = ("ipv6.", "eth.", "icmpv6.code", "icmpv6.checksum.status")


def _outermost(name: str, values: list[str], kind: str) -> list[str]:
    """The Redirect's own value, which stands before that of the packet that it quotes."""
    return values[:1] if kind == "Redirect" and name.startswith(_OF_EACH_PACKET) else values


def _ipv6(row: dict[str, list[str]]) -> bool:
    return bool(row["ipv6.src"])


def _one(decode: Decode) -> Callable[[Frame], Any]:
    """The view of one frame by itself, None where it is no such message."""
    def view(frame: Frame) -> Any:
        found = [each for each in decode([frame]) if getattr(each, "version", 2) != 1]
        return found[0] if found and found[0].source.version == 6 else None
    return view


def _different(recordings: Iterable[Recording]) -> tuple[list[Frame], dict[int, str]]:
    """Each different frame once, numbered, with the recording and number that it has there."""
    frames: list[Frame] = []
    homes: dict[int, str] = {}
    seen: set[bytes] = set()
    for recording in recordings:
        for frame in recording.frames:
            if frame.data not in seen:
                seen.add(frame.data)
                number = len(frames) + 1
                homes[number] = f"{recording.play.id} frame {frame.number}"
                frames.append(replace(frame, number=number, ns=number * 1000))
    return frames, homes
