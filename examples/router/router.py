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

RS, RA, ALL_NODES, ALL_ROUTERS = 133, 134, "ff02::1", "ff02::2"
INITIAL, INITIAL_INTERVAL, DELAY, BETWEEN = 3, 16, 0.5, 3  # RFC 4861 section 10


def advertisement(situation: dict, lifetime: int, mac: bytes) -> bytes:
    """The message, with the options SLLAO, MTU, prefixes and RDNSS; the kernel writes its checksum."""
    router, flags, dns = situation["router"], situation["flags"], situation["dns"]["servers"]
    bits = flags["managed"] << 7 | flags["other"] << 6
    message = struct.pack("!BBHBBHII", RA, 0, 0, router["hop_limit"], bits, lifetime, 0, 0)
    message += struct.pack("!BB6s", 1, 1, mac) + struct.pack("!BBHI", 5, 1, 0, situation["mtu"])
    for each in situation["prefixes"]:
        network, bits = IPv6Network(each["prefix"]), each["on_link"] << 7 | each["autonomous"] << 6
        message += struct.pack("!BBBBIII16s", 3, 4, network.prefixlen, bits, each["valid_lifetime"],
                               each["preferred_lifetime"], 0, network.network_address.packed)
    if dns:
        message += struct.pack("!BBHI", 25, 1 + 2 * len(dns), 0, 3 * router["max_interval"])
    return message + b"".join(IPv6Address(each).packed for each in dns)


def main() -> None:
    """Advertise until SIGTERM, then say that the router goes away."""
    with open(os.environ["SEXTANT_SITUATION"]) as file:
        situation = json.load(file)
    if situation["name"] not in ("slaac", "dhcpv6-stateless", "dhcpv6-stateful") or situation["ipv4"]:
        sys.exit(127)  # this is not played here
    chance, interface = random.Random(situation["seed"]), os.environ["SEXTANT_INTERFACE"].split()[0]
    index, router = socket.if_nametoindex(interface), situation["router"]
    with open(f"/sys/class/net/{interface}/address") as file:
        mac = bytes.fromhex(file.read().strip().replace(":", ""))
    link = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    for option, value in (("MULTICAST_HOPS", 255), ("MULTICAST_LOOP", 0), ("MULTICAST_IF", index), ("RECVHOPLIMIT", 1)):
        link.setsockopt(socket.IPPROTO_IPV6, getattr(socket, f"IPV6_{option}"), value)
    group = socket.inet_pton(socket.AF_INET6, ALL_ROUTERS) + struct.pack("@I", index)
    link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
    reading, writing = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(writing, b"x") and None)
    sent, last, due = 0, -BETWEEN, time.monotonic()
    while True:
        ready, _, _ = select.select([link, reading], [], [], max(0, due - time.monotonic()))
        ending = reading in ready
        if ending or time.monotonic() >= due:
            lifetime = 0 if ending else router["lifetime"]
            link.sendto(advertisement(situation, lifetime, mac), (ALL_NODES, 0, 0, index))
            sent, last = sent + 1, time.monotonic()
            wait = chance.uniform(router["min_interval"], router["max_interval"])
            due = last + (min(wait, INITIAL_INTERVAL) if sent < INITIAL else wait)
            print("advertised" if not ending else "goodbye", flush=True)
        if ending:
            return
        if link in ready:
            data, extra, _, _ = link.recvmsg(1500, 64)
            if len(data) >= 8 and data[0] == RS and data[1] == 0 and extra and extra[0][2][0] == 255:
                due = min(due, max(time.monotonic() + chance.uniform(0, DELAY), last + BETWEEN))


main()
