#!/usr/bin/env python3
"""A stateful DHCPv6 client (RFC 8415), beside a kernel that heeds Router Advertisements."""

import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from ipaddress import IPv6Address

from messages import (
    ADVERTISE,
    CLIENT_ID,
    CONFIRM,
    DECLINE,
    DNS,
    DOMAINS,
    ELAPSED,
    FOREVER,
    IA_ADDRESS,
    IA_NA,
    INF_MAX_RT,
    INFORMATION,
    NO_BINDING,
    ORO,
    PREFERENCE,
    REBIND,
    RELEASE,
    RENEW,
    REPLY,
    REQUEST,
    SERVER_ID,
    SOL_MAX_RT,
    SOLICIT,
    SUCCESS,
    TIMES,
    Exchange,
    Lease,
    first,
    grant_in,
    option,
    options,
    resolver_lines,
    status,
)


def run(*words):
    """Run ip(8); returns its output, None where it failed or was ended, as by a signal to all of us."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    return None if done.returncode else done.stdout


class Client:
    """The client on one interface: what it knows, what it asks at the moment, and what it does with answers."""

    def __init__(self, interface, duid):
        self.interface, self.duid, self.index = interface, duid, socket.if_nametoindex(interface)
        with open(f"/sys/class/net/{interface}/address") as file:
            self.iaid = bytes.fromhex(file.read().strip().replace(":", ""))[-4:]
        self.lease, self.exchange, self.managed, self.other = None, None, False, False
        self.longest = {SOLICIT: 3600, INFORMATION: 3600}
        self.refresh, self.kept = None, f"lease-{interface}.json"
        self.link = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        self.link.bind(("::", 546))
        self.raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        self.raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        self.kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self.kernel.bind((0, 0x1 | 0x100))  # RTMGRP_LINK, RTMGRP_IPV6_IFADDR
        self.carrier = self.has_carrier()

    def ask(self, kind, until=None):
        """Begin an exchange; `until` is when it is given up, by time.monotonic()."""
        self.exchange = Exchange(kind, until)

    def send(self):
        """Send the message of the exchange, for the first time or again."""
        now, exchange = time.monotonic(), self.exchange
        _, initial, longest, most = TIMES[exchange.kind]
        longest = self.longest.get(exchange.kind, longest) or 3600
        if (most is not None and exchange.sent >= most) or (exchange.until is not None and now >= exchange.until):
            self.on_silence()
            return
        exchange.began = exchange.began or now
        elapsed = min(0xFFFF, round((now - exchange.began) * 100))
        try:
            self.link.sendto(self.message(exchange, elapsed), ("ff02::1:2", 547, 0, self.index))
        except OSError:  # no carrier, or no link-local address yet
            exchange.due = now + 0.1
            exchange.began = exchange.began if exchange.sent else 0.0
            return
        spread = random.uniform(0.001 if exchange.kind == SOLICIT and not exchange.sent else -0.1, 0.1)
        base = min(longest, 2 * exchange.timeout) if exchange.sent else initial
        exchange.timeout = base + spread * (exchange.timeout or initial)
        exchange.sent += 1
        exchange.due = now + exchange.timeout

    def message(self, exchange, elapsed):
        """The message as it is sent."""
        kind = exchange.kind
        said = option(CLIENT_ID, self.duid)
        server, named = (self.lease.server, self.lease.addresses) if self.lease else (b"", {})
        if kind == REQUEST:
            _, server, named = exchange.offers[0]
        if kind in (REQUEST, RENEW, RELEASE, DECLINE):
            said += option(SERVER_ID, server)
        if kind != INFORMATION:
            inside = b"".join(option(IA_ADDRESS, each.packed + bytes(8)) for each in named)
            said += option(IA_NA, self.iaid + bytes(8) + inside)
        if kind in (SOLICIT, REQUEST, RENEW, REBIND, INFORMATION):
            wanted = (DNS, DOMAINS, SOL_MAX_RT) if kind != INFORMATION else (DNS, DOMAINS, 32, INF_MAX_RT)
            said += option(ORO, b"".join(code.to_bytes(2, "big") for code in wanted))
        return bytes([kind]) + exchange.transaction + said + option(ELAPSED, struct.pack("!H", elapsed))

    def on_silence(self):
        """Nobody answered: what comes next."""
        kind = self.exchange.kind
        self.exchange = None
        if kind == RENEW:
            self.ask(REBIND, time.monotonic() + max(0.0, self.lease.end - time.time()))
        elif kind in (REBIND, REQUEST):
            self.forget()
            self.ask(SOLICIT)
        elif kind == DECLINE:
            self.lease = None
            self.ask(SOLICIT)

    def on_message(self, data):
        """A message of a server (RFC 8415 section 16: what is not for this exchange is discarded)."""
        exchange = self.exchange
        if exchange is None or len(data) < 4 or data[1:4] != exchange.transaction or not exchange.sent:
            return
        try:
            granted = grant_in(found := options(data[4:]), self.iaid)
        except (ValueError, struct.error):
            return
        server = first(found, SERVER_ID)
        if server is None or first(found, CLIENT_ID) != self.duid:
            return
        for code, kind in ((SOL_MAX_RT, SOLICIT), (INF_MAX_RT, INFORMATION)):
            told = first(found, code)
            if told is not None and len(told) == 4 and 60 <= int.from_bytes(told, "big") <= 86400:
                self.longest[kind] = int.from_bytes(told, "big")
        if data[0] == ADVERTISE and exchange.kind == SOLICIT:
            self.on_advertise(found, server, granted)
        elif data[0] == REPLY and exchange.kind != SOLICIT:
            self.on_reply(found, server, granted)

    def on_advertise(self, found, server, granted):
        """An Advertise: the best one is taken when the first time-out is over, one of preference 255 at once."""
        if status(found) != SUCCESS or granted is None or not any(valid for _, valid in granted[2].values()):
            return
        preference = (first(found, PREFERENCE) or b"\0")[0]
        self.exchange.offers.append((preference, server, granted[2]))
        if preference == 255 or self.exchange.sent > 1:
            self.take_offer()

    def take_offer(self):
        """Request the best offer."""
        best = max(self.exchange.offers, key=lambda offer: offer[0])
        self.ask(REQUEST)
        self.exchange.offers = [best]

    def on_reply(self, found, server, granted):
        """A Reply, to whatever was asked."""
        kind, code = self.exchange.kind, status(found)
        if kind in (RENEW, REBIND, REQUEST) and granted is not None:
            code = code or granted[3]
        if kind == CONFIRM:
            self.exchange = None
            if code != SUCCESS:
                self.forget()
                self.ask(SOLICIT)
            else:
                self.assign_kept()
                self.configure(found)
            return
        if kind in (RELEASE, DECLINE):
            self.exchange = None
            if kind == DECLINE:
                self.lease = None
                self.ask(SOLICIT)
            return
        if kind == INFORMATION:
            self.exchange = None
            told = first(found, 32)
            seconds = int.from_bytes(told, "big") if told is not None and len(told) == 4 else 86400
            self.refresh = time.monotonic() + max(600, seconds)
            self.configure(found)
            return
        if code == NO_BINDING and kind in (RENEW, REBIND):
            self.ask(REQUEST)
            self.exchange.offers = [(0, server, dict(self.lease.addresses))]
        elif code != SUCCESS:
            if kind == REQUEST and code != 1:  # UnspecFail is tried again, at the rate of retransmissions
                self.forget()
                self.ask(SOLICIT)
        elif granted is not None:
            self.bind(server, granted, found)

    def bind(self, server, granted, found):
        """Use what was granted."""
        t1, t2, addresses, _ = granted
        before = self.lease.addresses if self.lease else {}
        alive = {each: times for each, times in addresses.items() if times[1]}
        kept = {each: times for each, times in before.items() if each not in addresses}
        for each in before:
            if each in addresses and each not in alive:
                run("-6", "address", "del", f"{each}/128", "dev", self.interface)
        if not alive and not kept:
            self.forget()
            self.ask(SOLICIT)
            return
        shortest = min((preferred for preferred, _ in alive.values()), default=FOREVER)
        self.lease = Lease(server, time.time(), t1 or shortest // 2, t2 or shortest * 4 // 5, {**kept, **alive})
        for each, (preferred, valid) in alive.items():
            self.assign(each, preferred, valid)
        self.exchange = None
        self.configure(found)
        with open(self.kept, "w") as file:
            json.dump({"server": server.hex(), "since": self.lease.since, "t1": self.lease.t1, "t2": self.lease.t2,
                       "addresses": {str(each): times for each, times in self.lease.addresses.items()}}, file)

    def assign(self, address, preferred, valid):
        """Have the kernel use an address for so many seconds."""
        run("-6", "address", "replace", f"{address}/128", "dev", self.interface, "valid_lft", str(valid),
            "preferred_lft", str(preferred), "noprefixroute")

    def assign_kept(self):
        """Have the kernel use what is left of the lease."""
        gone = int(time.time() - self.lease.since)
        for each, (preferred, valid) in self.lease.addresses.items():
            self.assign(each, max(0, preferred - gone), max(1, valid - gone))

    def configure(self, found):
        """Tell the resolver of name servers and domains."""
        lines = resolver_lines(found)
        if lines:
            with open("/etc/resolv.conf", "w") as file:
                file.writelines(lines)

    def forget(self):
        """Give all addresses up."""
        for each in self.lease.addresses if self.lease else ():
            run("-6", "address", "del", f"{each}/128", "dev", self.interface)
        self.lease = None
        if os.path.exists(self.kept):
            os.remove(self.kept)

    def has_carrier(self):
        """Whether the link is up."""
        try:
            with open(f"/sys/class/net/{self.interface}/carrier") as file:
                return file.read().strip() == "1"
        except OSError:
            return False

    def confirm_kept(self):
        """Confirm the lease that was kept, if it is still good (RFC 8415 section 18.2.3)."""
        try:
            with open(self.kept) as file:
                told = json.load(file)
        except (OSError, ValueError):
            return
        addresses = {IPv6Address(each): tuple(times) for each, times in told["addresses"].items()}
        self.lease = Lease(bytes.fromhex(told["server"]), told["since"], told["t1"], told["t2"], addresses)
        if self.lease.end <= time.time():
            self.forget()
            return
        self.assign_kept()
        self.ask(CONFIRM)

    def on_advertisement(self, data, hops):
        """A Router Advertisement that a host may heed: its flags say whether there is DHCPv6."""
        if len(data) < 16 or data[:2] != b"\x86\0" or hops != 255:
            return
        self.managed, self.other = bool(data[5] & 0x80), bool(data[5] & 0x40)
        if self.managed and self.lease is None and (self.exchange is None or self.exchange.kind == INFORMATION):
            self.ask(SOLICIT)
        elif self.other and not self.managed and self.exchange is None and self.refresh is None and self.lease is None:
            self.ask(INFORMATION)

    def on_kernel(self):
        """The link came or went, or duplicate address detection failed."""
        self.kernel.recv(65536)
        carrier = self.has_carrier()
        if carrier and not self.carrier and self.lease is not None:
            self.ask(CONFIRM)
        was, self.carrier = self.carrier, carrier
        if was and carrier and self.lease is not None and (self.exchange is None or self.exchange.kind != DECLINE):
            shown = run("-6", "-o", "address", "show", "dev", self.interface, "-dadfailed")
            here = self.lease.addresses if shown is not None else ()
            refused = [each for each in here if f" {each}/" not in shown]  # the kernel drops them
            if refused:
                server = self.lease.server
                self.forget()
                self.lease = Lease(server, time.time(), FOREVER, FOREVER, dict.fromkeys(refused, (0, FOREVER)))
                self.ask(DECLINE)

    def look_at_the_clock(self):
        """Do what is due; returns the seconds until something else is."""
        now, wall = time.monotonic(), time.time()
        over = self.exchange is not None and self.exchange.until is not None and now >= self.exchange.until
        if self.exchange is not None and (over or now >= self.exchange.due):
            if self.exchange.kind == SOLICIT and self.exchange.offers:
                self.take_offer()
            self.send()
        lease = self.lease
        if lease is not None and self.exchange is None and lease.addresses and lease.t1 != FOREVER:
            if wall >= lease.since + lease.t2:
                self.ask(REBIND, now + max(0.0, lease.end - wall))
            elif wall >= lease.since + lease.t1:
                self.ask(RENEW, now + lease.since + lease.t2 - wall)
        if lease is not None and lease.addresses and wall >= lease.end:
            self.forget()
            self.ask(SOLICIT)
        if self.refresh is not None and now >= self.refresh and self.exchange is None:
            self.refresh = None
            self.ask(INFORMATION)
        waits = [60.0]
        if self.exchange is not None:
            waits.append(self.exchange.due - now)
            if self.exchange.until is not None:
                waits.append(self.exchange.until - now)
        elif self.lease is not None and self.lease.addresses and self.lease.t1 != FOREVER:
            waits.append(self.lease.since + self.lease.t1 - wall)
        if self.lease is not None and self.lease.addresses:
            waits.append(self.lease.end - wall)
        return max(0.0, min(waits))

    def release(self):
        """Give the lease back, the addresses first (RFC 8415 section 18.2.7)."""
        if self.lease is None or not self.lease.addresses:
            return
        for each in self.lease.addresses:
            run("-6", "address", "del", f"{each}/128", "dev", self.interface)
        self.ask(RELEASE)
        while self.exchange is not None:
            ready, _, _ = select.select([self.link], [], [], max(0.0, self.exchange.due - time.monotonic()))
            if ready:
                self.on_message(self.link.recv(65535))
            elif self.exchange is not None:
                self.send()
        if os.path.exists(self.kept):
            os.remove(self.kept)

    def work(self):
        """Until SIGTERM."""
        reading, writing = os.pipe()
        signal.signal(signal.SIGTERM, lambda *_: os.write(writing, b"x") and None)
        self.confirm_kept()
        while True:
            wait = self.look_at_the_clock()
            ready, _, _ = select.select([self.link, self.raw, self.kernel, reading], [], [], wait)
            if reading in ready:
                self.release()
                return
            if self.link in ready:
                self.on_message(self.link.recv(65535))
            if self.raw in ready:
                data, extra, _, source = self.raw.recvmsg(65535, 64)
                hops = next((struct.unpack("@i", told)[0] for _, kind, told in extra
                             if kind == socket.IPV6_HOPLIMIT), 0)
                if IPv6Address(source[0].partition("%")[0]).is_link_local:
                    self.on_advertisement(data, hops)
            if self.kernel in ready:
                self.on_kernel()


def main():
    """One client for each interface, all with the same DUID."""
    with open(os.environ["SEXTANT_SITUATION"]) as file:
        told = json.load(file)
    if told["name"] not in ("slaac", "dhcpv6-stateless", "dhcpv6-stateful") or told["ipv4"]:
        sys.exit(127)  # it knows no other networks, and no IPv4
    interfaces = os.environ["SEXTANT_INTERFACE"].split()
    with open(f"/sys/class/net/{interfaces[0]}/address") as file:
        duid = struct.pack("!HH", 3, 1) + bytes.fromhex(file.read().strip().replace(":", ""))
    children = []
    for interface in interfaces[1:]:
        child = os.fork()
        if not child:
            Client(interface, duid).work()
            os._exit(0)
        children.append(child)
    Client(interfaces[0], duid).work()
    for child in children:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
