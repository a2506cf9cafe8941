"""DHCPv6 messages as the client reads and writes them (RFC 8415), and what it remembers of them."""

import random
import struct
import time
from dataclasses import dataclass, field
from ipaddress import IPv6Address

SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE = range(1, 10)
INFORMATION = 11
CLIENT_ID, SERVER_ID, IA_NA, IA_ADDRESS, ORO, PREFERENCE, ELAPSED, STATUS = 1, 2, 3, 5, 6, 7, 8, 13
DNS, DOMAINS, SOL_MAX_RT, INF_MAX_RT = 23, 24, 82, 83
SUCCESS, NO_BINDING = 0, 3
FOREVER = 0xFFFFFFFF
#: By message, RFC 8415 section 7.6: the delay before the first, the first time-out, the longest, and how many at most.
TIMES = {SOLICIT: (1, 1, 3600, None), REQUEST: (0, 1, 30, 10), CONFIRM: (1, 1, 4, 4), RENEW: (0, 10, 600, None),
         REBIND: (0, 10, 600, None), RELEASE: (0, 1, 2, 3), DECLINE: (0, 1, None, 4), INFORMATION: (1, 1, 3600, None)}


def option(code, data=b""):
    """An option as it is sent."""
    return struct.pack("!HH", code, len(data)) + data


def options(data):
    """The options of a message, in order. Raises ValueError where one is cut short."""
    found = []
    while data:
        if len(data) < 4 or len(data) < 4 + (length := int.from_bytes(data[2:4], "big")):
            raise ValueError("an option is cut short")
        found.append((int.from_bytes(data[:2], "big"), data[4:4 + length]))
        data = data[4 + length:]
    return found


def first(found, code):
    """The first option of that code; None without one."""
    return next((data for each, data in found if each == code), None)


def status(found):
    """The status code; an absent one means success."""
    data = first(found, STATUS)
    return SUCCESS if data is None else int.from_bytes(data[:2], "big")


def grant_in(found, iaid):
    """T1, T2, addresses and status of the IA_NA of that IAID; None without one that may be used."""
    for code, data in found:
        if code == IA_NA and data[:4] == iaid:
            t1, t2 = struct.unpack("!II", data[4:12])
            inside, addresses = options(data[12:]), {}
            for each, body in inside:
                if each == IA_ADDRESS:
                    preferred, valid = struct.unpack("!II", body[16:24])
                    if preferred <= valid and status(options(body[24:])) == SUCCESS:
                        addresses[IPv6Address(body[:16])] = preferred, valid
            return None if t1 > t2 > 0 else (t1, t2, addresses, status(inside))
    return None


def resolver_lines(found):
    """Name servers and domains as resolv.conf(5) has them; empty where no server is named."""
    servers, domain, at, names = first(found, DNS) or b"", first(found, DOMAINS) or b"", 0, []
    lines = [f"nameserver {IPv6Address(servers[at:at + 16])}\n" for at in range(0, len(servers) - 15, 16)]
    while at < len(domain) and domain[at]:
        names.append(domain[at + 1:at + 1 + domain[at]].decode("ascii", "replace"))
        at += 1 + domain[at]
    return [*lines, f"search {'.'.join(names)}\n"] if lines and names else lines


@dataclass
class Lease:
    """What a server granted: times count from `since` (time.time(), which outlives a restart)."""

    server: bytes
    since: float
    t1: int
    t2: int
    addresses: dict = field(default_factory=dict)  # by address: preferred and valid lifetime

    @property
    def end(self):
        """When the last address is over."""
        return self.since + max((valid for _, valid in self.addresses.values()), default=0)


@dataclass
class Exchange:
    """One message, sent again until it is answered or given up (RFC 8415 section 15)."""

    kind: int
    until: float | None = None
    transaction: bytes = b""
    began: float = 0.0
    due: float = 0.0
    timeout: float = 0.0
    sent: int = 0
    offers: list = field(default_factory=list)

    def __post_init__(self):
        delay = TIMES[self.kind][0]
        self.transaction = random.randbytes(3)
        self.due = time.monotonic() + random.uniform(0, delay)
