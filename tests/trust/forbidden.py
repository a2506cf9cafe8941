"""Which edits of a packet an RFC forbids: field by field, with the sentence that does.

An edit that no rule here names may make a packet unusual, late or pointless; nobody forbids it to be so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.trust.hostile import ETHERNET, IPV6, ND_OPTIONS, options

UPPER = ETHERNET + IPV6
#: What a rule still asks of the frame before and after the edit.
Test = Callable[[bytes, bytes], bool]


@dataclass(frozen=True)
class Rule:
    """`messages` as the mutants call them, and a pattern for the whole name of the edit."""

    messages: frozenset[str]
    edit: str
    source: str
    sentence: str
    test: Test = lambda before, after: True

    def forbids(self, message: str, edit: str, before: bytes, after: bytes) -> bool:
        """Whether it forbids that edit of that message."""
        return (message in self.messages and re.fullmatch(self.edit, edit) is not None and before != after
                and self.test(before, after))


def _nd(*types: int) -> frozenset[str]:
    return frozenset(f"ICMPv6 type {kind}" for kind in types or ND_OPTIONS)


def _dhcp(*types: int) -> frozenset[str]:
    return frozenset(f"DHCPv6 type {kind}" for kind in types)


def _number(at: int, size: int) -> Callable[[bytes], int]:
    return lambda data: int.from_bytes(data[UPPER + at:UPPER + at + size], "big")


def _in_option(code: int, at: int, size: int) -> Callable[[bytes], int]:
    """A number in the first option of that code of a Neighbor Discovery message; `at` counts from its contents."""
    def read(data: bytes) -> int:
        found = next((head for start, head, _ in options(data) if data[start] == code), None)
        return -1 if found is None else int.from_bytes(data[found + at:found + at + size], "big")

    return read


def _in_ia(at: int, size: int) -> Callable[[bytes], int]:
    """A number in the first IA_NA of a DHCPv6 message."""
    def read(data: bytes) -> int:
        found = next((head for start, head, _ in options(data) if data[start:start + 2] == b"\0\3"), None)
        return -1 if found is None else int.from_bytes(data[found + at:found + at + size], "big")

    return read


def _to_group(before: bytes, _: bytes) -> bool:
    return before[38] == 0xFF


def _asks(before: bytes, _: bytes) -> bool:
    """A solicitation of a group that is no probe."""
    return before[38] == 0xFF and before[22:38] != bytes(16)


def _is_solicited(before: bytes, _: bytes) -> bool:
    return bool(before[UPPER + 4] & 0x40)


def _first(before: bytes, _: bytes) -> bool:
    """The Elapsed Time is 0: it is the first message of its exchange."""
    return next((before[head:end] for start, head, end in options(before) if before[start:start + 2] == b"\0\x08"),
                b"") == b"\0\0"


def _has_inner(before: bytes, _: bytes) -> bool:
    return next((end - head for start, head, end in options(before) if before[start:start + 2] == b"\0\3"), 0) >= 16


RS, RA, NS, NA, REDIRECT = 133, 134, 135, 136, 137
CLIENTS, SERVERS = (1, 3, 4, 5, 6, 8, 9, 11), (2, 7)
REACHABLE = _number(8, 4)
PREFERRED, VALID, MTU = _in_option(3, 6, 4), _in_option(3, 2, 4), _in_option(5, 2, 4)
T1, T2 = _in_ia(4, 4), _in_ia(8, 4)

RULES = (
    Rule(_nd(), "hop limit", "RFC 4861 §4", "Hop Limit: 255"),
    Rule(_nd(), "code", "RFC 4861 §4", "Code: 0"),
    Rule(_nd(RS, NS, REDIRECT), "byte [4-7]", "RFC 4861 §4.1, §4.3, §4.5", "Reserved: MUST be initialized to zero"),
    Rule(_nd(NA), "byte [5-7]", "RFC 4861 §4.4", "Reserved: MUST be initialized to zero"),
    Rule(_nd(NA), "byte 4", "RFC 4861 §4.4, §7.2.4", "R of a router, S of an answer"),
    Rule(_nd(NA), "byte ([89]|1[0-9]|2[0-3])", "RFC 4861 §7.2.4", "The Target Address is copied", _is_solicited),
    Rule(_nd(NA), "destination address", "RFC 4861 §7.2.4", "to the Source Address of the solicitation", _is_solicited),
    Rule(_nd(NS), "destination address|byte 2[1-3]", "RFC 4861 §7.2.2, RFC 4862 §5.4.2",
         "to the solicited-node multicast address of the target", _to_group),
    Rule(_nd(NS), "option 1 removed", "RFC 4861 §4.3", "MUST be included in multicast solicitations", _asks),
    Rule(_nd(RS, RA, NS), "option 1 (byte [0-5]|emptied)", "RFC 4861 §4.6.1", "the link-layer address of the sender"),
    Rule(_nd(NA), "option 2 (byte [0-5]|emptied)", "RFC 4861 §4.4", "the link-layer address of the sender"),
    Rule(_nd(RA), "destination address", "RFC 4861 §4.2", "the source of the solicitation or all nodes", _to_group),
    Rule(_nd(RA), "byte 5", "RFC 5175 §4", "reserved flags MUST be zero"),
    Rule(_nd(RA), "byte ([89]|1[01])", "RFC 4861 §6.2.1", "AdvReachableTime: not above 3,600,000 milliseconds",
         lambda before, after: REACHABLE(after) > 3_600_000),
    Rule(_nd(RA), "option 3 byte 0", "RFC 4861 §4.6.2", "Prefix Length: 0 to 128",
         lambda before, after: _in_option(3, 0, 1)(after) > 128),
    Rule(_nd(RA), "option 3 byte (1|1[0-3])", "RFC 4861 §4.6.2", "Reserved1, Reserved2: MUST be initialized to zero"),
    Rule(_nd(RA), "option 3 byte [2-9]", "RFC 4861 §4.6.2", "Preferred MUST NOT exceed the Valid Lifetime",
         lambda before, after: PREFERRED(after) > VALID(after)),
    Rule(_nd(RA), "option 5 byte [01]|option 25 byte [01]", "RFC 4861 §4.6.4, RFC 8106 §5.1",
         "Reserved: MUST be initialized to zero"),
    Rule(_nd(RA), "option 5 (byte [2-5]|emptied)", "RFC 8200 §5, RFC 4861 §6.2.1", "1280 at least, the link's at most",
         lambda before, after: MTU(after) < 1280 or MTU(after) > max(1500, MTU(before))),
    Rule(_nd(RA), "option (3|25|31) emptied", "RFC 4861 §4.6.2, RFC 8106 §5", "Length: 4; 3 or more; 2 or more"),
    Rule(_nd(REDIRECT), "byte 8", "RFC 4861 §4.5", "Target: a link-local address, or the destination"),
    Rule(_dhcp(*CLIENTS), "destination address", "RFC 8415 §14", "to All_DHCP_Relay_Agents_and_Servers", _to_group),
    Rule(_dhcp(*SERVERS), "destination address", "RFC 8415 §18.3.10", "to the source address of what is answered"),
    Rule(_dhcp(*SERVERS), "byte (9|10|11)", "RFC 8415 §16", "the transaction-id of what is answered"),
    Rule(_dhcp(1, 3, 4, 5, 6, 8, 9, *SERVERS), "option 1 (removed|emptied|byte .*)", "RFC 8415 §11, §16, §18",
         "one Client Identifier, and a copy of it"),
    Rule(_dhcp(3, 5, 8, 9), "option 2 (removed|emptied|byte .*)", "RFC 8415 §16, §18.2", "the server's identifier"),
    Rule(_dhcp(*SERVERS), "option 2 (removed|emptied)", "RFC 8415 §16.3, §16.10", "MUST have a Server Identifier"),
    Rule(_dhcp(7), "option 2 byte .*", "RFC 8415 §18.3", "the server's own identifier"),
    Rule(_dhcp(4, 5, 6, 8, 9), "option 3 removed", "RFC 8415 §18.2", "MUST include the IA"),
    Rule(_dhcp(3, 5, 6, 8, 9, *SERVERS), "option 3 byte [0-3]", "RFC 8415 §12, §18", "the IAID stays that of the IA"),
    Rule(_dhcp(*CLIENTS), "option 3 byte ([4-9]|1[01])", "RFC 8415 §21.4", "T1 and T2 SHOULD be 0 in a client's",
         lambda before, _: T1(before) == 0 == T2(before)),
    Rule(_dhcp(*SERVERS), "option 3 byte ([4-9]|1[01])", "RFC 8415 §21.4", "T1 not above T2",
         lambda before, after: T1(after) > T2(after) > 0),
    Rule(_dhcp(*CLIENTS, *SERVERS), "option 3 emptied", "RFC 8415 §21.4", "option-len: 12 at least"),
    Rule(_dhcp(*CLIENTS, *SERVERS), "option 3 byte 1[45]", "RFC 8415 §21.1", "option-len fits", _has_inner),
    Rule(_dhcp(1, 3, 5, 6, 11), "option 6 (removed|emptied)", "RFC 8415 §18.2", "MUST include an Option Request"),
    Rule(_dhcp(*CLIENTS), "option 8 (removed|emptied)", "RFC 8415 §21.9", "MUST include an Elapsed Time"),
    Rule(_dhcp(3, 4, 5, 6, 9), "option 8 byte [01]", "RFC 8415 §21.9", "0 in the first message of an exchange", _first),
    Rule(_dhcp(*CLIENTS, *SERVERS), "option (1|2|6|7|8|13|14|23|24|32|39|82) doubled", "RFC 8415 §21", "only once"),
)


def forbidden(message: str, edit: str, before: bytes, after: bytes) -> str:
    """The sentence that forbids an edit, with its source; empty where none does."""
    return next((f"{rule.sentence} [{rule.source}]" for rule in RULES if rule.forbids(message, edit, before, after)),
                "")
