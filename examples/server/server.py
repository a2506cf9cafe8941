#!/usr/bin/env python3
"""A stateful DHCPv6 server (RFC 8415) for the situation that Sextant describes: leases, relays, what it discards."""

import json
import os
import select
import signal
import socket
import struct
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from itertools import chain

SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE = range(1, 10)
INFORMATION, FORWARD, BACK = 11, 12, 13
CLIENT_ID, SERVER_ID, IA_NA, IA_ADDRESS, ORO, RELAYED, STATUS = 1, 2, 3, 5, 6, 9, 13
INTERFACE_ID, DNS, DOMAINS, IA_PD = 18, 23, 24, 25
NO_ADDRS, NO_BINDING, NOT_ON_LINK, USE_MULTICAST, NO_PREFIX = 2, 3, 4, 5, 6
#: Which identifiers each message must have, the Server Identifier being ours (RFC 8415 section 16); None: as it likes.
RULES = {SOLICIT: (True, False), REQUEST: (True, True), CONFIRM: (True, False), RENEW: (True, True),
         REBIND: (True, False), RELEASE: (True, True), DECLINE: (True, True), INFORMATION: (None, None)}


class Malformed(Exception):
    """A message whose lengths lie: it is discarded."""


def option(code, data):
    """An option as it is sent."""
    return struct.pack("!HH", code, len(data)) + data


def options(data):
    """The options of a message, in order."""
    found = []
    while data:
        if len(data) < 4 or len(data) < 4 + (length := int.from_bytes(data[2:4], "big")):
            raise Malformed
        found.append((int.from_bytes(data[:2], "big"), data[4:4 + length]))
        data = data[4 + length:]
    return found


def status(code):
    """A Status Code option without a text."""
    return option(STATUS, struct.pack("!H", code))


@dataclass
class Message:
    """A client's message, and whether it went to this server's own address."""

    kind: int
    transaction: bytes
    said: list
    unicast: bool
    associations: list = field(default_factory=list)

    @classmethod
    def read(cls, data, unicast):
        """The message in these bytes. Raises Malformed."""
        if len(data) < 4:
            raise Malformed
        message = cls(data[0], data[1:4], options(data[4:]), unicast)
        for code, body in message.said:
            if code == IA_NA:
                if len(body) < 12:
                    raise Malformed
                message.associations.append((body[:4], [inside[1] for inside in options(body[12:])
                                                        if inside[0] == IA_ADDRESS]))
        if any(len(one) < 24 for _, listed in message.associations for one in listed):
            raise Malformed
        if any(len(body) < least for code, body in message.said
               for least in ({CLIENT_ID: 3, SERVER_ID: 3, 8: 2, STATUS: 2}.get(code, 0),)):
            raise Malformed
        return message

    def get(self, code):
        """The first option of that code; None without one."""
        return next((body for each, body in self.said if each == code), None)


class Link:
    """A link with the addresses that may be leased on it to anybody; None where only reserved ones are."""

    def __init__(self, prefix, pool):
        self.prefix = IPv6Network(prefix)
        first, last = (int(IPv6Address(each)) for each in pool or ("::1", "::"))
        self.pool = range(first, last + 1)


class Server:
    """Bindings by client and IA; an address has one owner, and a declined one has none."""

    def __init__(self, told, mac):
        lease = told["dhcpv6"]
        self.duid = struct.pack("!HH", 3, 1) + mac
        self.times = struct.pack("!II", lease["t1"], lease["t2"])
        self.lifetimes = struct.pack("!II", lease["preferred_lifetime"], lease["valid_lifetime"])
        self.link = Link(told["prefixes"][0]["prefix"], lease["pool"])
        self.behind = [Link(each["network"], each["pool"]) for each in lease["relayed_links"]]
        self.reserved = {(each["duid"] or "").replace(":", "") or each["mac"]: IPv6Address(each["address"])
                         for each in lease["reservations"]}
        self.information = {DNS: b"".join(IPv6Address(each).packed for each in told["dns"]["servers"])}
        if told["dns"]["domain"]:
            labels = told["dns"]["domain"].split(".")
            self.information[DOMAINS] = b"".join(bytes([len(each)]) + each.encode() for each in labels) + b"\0"
        self.bindings, self.declined = {}, set()

    def answer(self, data, unicast, link, depth=0):
        """The answer to a message on a link; None where it is discarded."""
        if data[:1] == bytes([FORWARD]):
            return self.answer_relay(data, link, depth)
        message = Message.read(data, unicast)
        if message.kind not in RULES or not self.valid(message):
            return None
        if unicast and message.kind in (SOLICIT, CONFIRM, REBIND, INFORMATION):
            return None
        body = status(USE_MULTICAST) if unicast else self.body(message, link)
        if body is None:
            return None
        client = message.get(CLIENT_ID)
        named = (option(CLIENT_ID, client) if client is not None else b"") + option(SERVER_ID, self.duid)
        kind = ADVERTISE if message.kind == SOLICIT else REPLY
        return bytes([kind]) + message.transaction + named + body

    def answer_relay(self, data, link, depth):
        """The answer to what a relay sent, with the relay's own head and Interface-Id (RFC 8415 section 19.3)."""
        if len(data) < 34 or depth > 8:
            raise Malformed
        said, at = dict(options(data[34:])), IPv6Address(data[2:18])
        if RELAYED not in said:
            raise Malformed
        if not at.is_unspecified:
            link = next((each for each in [self.link, *self.behind] if at in each.prefix), None)
        inside = self.answer(said[RELAYED], False, link, depth + 1)
        if inside is None:
            return None
        where = option(INTERFACE_ID, said[INTERFACE_ID]) if INTERFACE_ID in said else b""
        return bytes([BACK]) + data[1:34] + where + option(RELAYED, inside)

    def valid(self, message):
        """Whether it has the identifiers that it must have, and no others (RFC 8415 section 16)."""
        needs_client, needs_server = RULES[message.kind]
        server = message.get(SERVER_ID)
        if needs_client and message.get(CLIENT_ID) is None:
            return False
        if needs_server is None:
            return server in (None, self.duid) and not any(code in (IA_NA, 4, IA_PD) for code, _ in message.said)
        return server == self.duid if needs_server else server is None

    def body(self, message, link):
        """What the answer says besides who is who; None where nothing is to be said."""
        wanted = message.get(ORO) or b""
        asked = [int.from_bytes(wanted[at:at + 2], "big") for at in range(0, len(wanted) - 1, 2)]
        told = b"".join(option(code, data) for code, data in self.information.items() if code in asked and data)
        if message.kind == INFORMATION:
            return told
        if link is None:
            return None
        if message.kind == CONFIRM:
            named = [IPv6Address(one[:16]) for _, listed in message.associations for one in listed]
            if not named:
                return None
            return status(0 if all(each in link.prefix for each in named) else NOT_ON_LINK)
        client, said = message.get(CLIENT_ID), b""
        for iaid, listed in message.associations:
            inside = self.association(message.kind, client, iaid, [IPv6Address(one[:16]) for one in listed], link)
            if inside is not None:
                said += option(IA_NA, iaid + inside)
        for code, body in message.said:
            if code == IA_PD:
                said += option(IA_PD, body[:4] + bytes(8) + status(NO_PREFIX))
        if message.kind in (RELEASE, DECLINE):
            return status(0) + said
        return said + told

    def association(self, kind, client, iaid, listed, link):
        """T1, T2 and what is inside of an IA_NA of the answer; None where it is left out."""
        key, none = (client, iaid), bytes(8)
        bound = self.bindings.get(key)
        if kind in (RELEASE, DECLINE):
            if bound is None or bound not in listed:
                return none + status(NO_BINDING)
            if kind == DECLINE:
                self.declined.add(bound)
            del self.bindings[key]
            return None
        if kind == REQUEST and any(each not in link.prefix for each in listed):
            return none + status(NOT_ON_LINK)
        if kind == RENEW and bound is None:
            return none + status(NO_BINDING)
        if kind == REBIND and bound is None and (gone := [each for each in listed if each not in link.prefix]):
            return none + self.no_longer(gone)
        if bound is None or bound not in link.prefix:
            bound = self.free(client, link, listed)
        if bound is None:
            return none + status(NO_ADDRS)
        if kind != SOLICIT:
            self.bindings[key] = bound
        rest = [each for each in listed if each != bound] if kind in (RENEW, REBIND) else []
        return self.times + option(IA_ADDRESS, bound.packed + self.lifetimes) + self.no_longer(rest)

    def no_longer(self, addresses):
        """Addresses that their client may not use any more."""
        return b"".join(option(IA_ADDRESS, each.packed + bytes(8)) for each in addresses)

    def free(self, client, link, wished):
        """An address for a client: the one that is reserved for it, one it wishes for, or the first that is free."""
        mine = next((address for who, address in self.reserved.items()
                     if who in (client.hex(), client[-6:].hex(":"))), None)
        if mine is not None and mine in link.prefix:
            return mine
        taken = {*self.bindings.values(), *self.declined, *self.reserved.values()}
        return next((address for address in chain(wished, map(IPv6Address, link.pool))
                     if int(address) in link.pool and address not in taken), None)


def main():
    """Answer until SIGTERM."""
    with open(os.environ["SEXTANT_SITUATION"]) as file:
        told = json.load(file)
    if told["dhcpv6"] is None or told["name"] not in ("slaac", "dhcpv6-stateless", "dhcpv6-stateful"):
        raise SystemExit(127)  # there is nothing for it to serve
    interface = os.environ["SEXTANT_INTERFACE"].split()[0]
    index = socket.if_nametoindex(interface)
    with open(f"/sys/class/net/{interface}/address") as file:
        server = Server(told, bytes.fromhex(file.read().strip().replace(":", "")))
    link = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    for group in ("ff02::1:2", "ff05::1:3"):
        link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                        IPv6Address(group).packed + struct.pack("@I", index))
    link.bind(("::", 547))
    reading, writing = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(writing, b"x") and None)
    while True:
        ready, _, _ = select.select([link, reading], [], [])
        if reading in ready:
            return
        data, extra, _, source = link.recvmsg(65535, 128)
        to = next((IPv6Address(told[:16]) for _, kind, told in extra if kind == socket.IPV6_PKTINFO), IPv6Address("::"))
        try:
            answer = server.answer(data, not to.is_multicast, server.link)
        except Malformed:
            continue
        if answer is not None:
            link.sendto(answer, source)


if __name__ == "__main__":
    main()
