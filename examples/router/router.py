#!/usr/bin/env python3
"""A router in 60 lines: sends Router Advertisements (RFC 4861 section 6.2) for the situation that Sextant describes."""

import json
import os
import random
import select
import signal
import socket
import struct
import sys
import time
from ipaddress import IPv6Address, IPv6Network

RS, RA, INITIAL, INITIAL_INTERVAL, DELAY, BETWEEN = 133, 134, 3, 16, 0.5, 3  # RFC 4861 sections 4 and 10


def advertisement(told: dict, lifetime: int, mac: bytes) -> bytes:
    """The message with SLLAO, MTU, prefixes and RDNSS; the kernel writes its checksum."""
    flags = told["flags"]["managed"] << 7 | told["flags"]["other"] << 6
    message = struct.pack("!BBHBBHII", RA, 0, 0, told["router"]["hop_limit"], flags, lifetime, 0, 0)
    message += struct.pack("!BB6sBBHI", 1, 1, mac, 5, 1, 0, told["mtu"])
    for each in told["prefixes"]:
        network, flags = IPv6Network(each["prefix"]), each["on_link"] << 7 | each["autonomous"] << 6
        lifetimes = each["valid_lifetime"], each["preferred_lifetime"]
        message += struct.pack("!BBBBIII", 3, 4, network.prefixlen, flags, *lifetimes, 0) + network[0].packed
    servers = [IPv6Address(each).packed for each in told["dns"]["servers"]]
    resolver = struct.pack("!BBHI", 25, 1 + 2 * len(servers), 0, 3 * told["router"]["max_interval"])
    return message + (resolver + b"".join(servers) if servers else b"")


with open(os.environ["SEXTANT_SITUATION"]) as file:
    situation = json.load(file)
if situation["name"] not in ("slaac", "dhcpv6-stateless", "dhcpv6-stateful") or situation["ipv4"]:
    sys.exit(127)  # this router knows no other networks, and no IPv4
interface, router = os.environ["SEXTANT_INTERFACE"].split()[0], situation["router"]
chance = random.Random(situation["seed"])
index = socket.if_nametoindex(interface)
with open(f"/sys/class/net/{interface}/address") as file:
    own = bytes.fromhex(file.read().strip().replace(":", ""))
link = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
for option, value in (("MULTICAST_HOPS", 255), ("MULTICAST_LOOP", 0), ("MULTICAST_IF", index), ("RECVHOPLIMIT", 1)):
    link.setsockopt(socket.IPPROTO_IPV6, getattr(socket, f"IPV6_{option}"), value)
link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, IPv6Address("ff02::2").packed + struct.pack("@I", index))
reading, writing = os.pipe()
signal.signal(signal.SIGTERM, lambda *_: os.write(writing, b"x") and None)
sent, last, due, ending = 0, -BETWEEN, time.monotonic(), False
while not ending:
    ready, _, _ = select.select([link, reading], [], [], max(0, due - time.monotonic()))
    ending = reading in ready
    if ending or time.monotonic() >= due:  # the last one says that this is no router any more
        link.sendto(advertisement(situation, 0 if ending else router["lifetime"], own), ("ff02::1", 0, 0, index))
        sent, last = sent + 1, time.monotonic()
        wait = chance.uniform(router["min_interval"], router["max_interval"])
        due = last + (min(wait, INITIAL_INTERVAL) if sent < INITIAL else wait)
        print("advertised", flush=True)
    if link in ready:
        data, extra, _, _ = link.recvmsg(1500, 64)
        if len(data) >= 8 and data[:2] == bytes([RS, 0]) and extra and extra[0][2][0] == 255:
            due = min(due, max(time.monotonic() + chance.uniform(0, DELAY), last + BETWEEN))
