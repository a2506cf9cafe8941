"""A report with a recording that was made by hand, so that its pages have packets, events, output and state to show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scapy.layers.dhcp6 import DUID_LL, DHCP6_Solicit, DHCP6OptClientId, DHCP6OptElapsedTime
from scapy.layers.inet import UDP
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptPrefixInfo, IPv6
from scapy.layers.l2 import Ether

from fixtures.recording.model import (
    Frame,
    Interface,
    KernelEvent,
    Mark,
    Output,
    Play,
    Program,
    Recording,
    Snapshot,
)
from fixtures.recording.storage import save
from reports.document.compliance import Compliance
from tests.reports.synthetic import document

GUEST, ROUTER = "02:00:00:00:00:01", "02:00:00:00:00:02"
ALL = "33:33:00:00:00:01"
#: What a hostile peer might call itself: it must stay text, in a browser as in a terminal.
HOSTILE = "<img src=x onerror=\"document.title='owned'\"></script><script>document.title='owned'</script>\x1b[2Jx'\"&"


def frames() -> list[Frame]:
    """A solicitation, an advertisement with hop limit 64 that must not be believed, and a Solicit."""
    router = Ether(src=ROUTER, dst=ALL) / IPv6(src="fe80::2", dst="ff02::1", hlim=64)
    guest = Ether(src=GUEST, dst=ALL)
    prefix = ICMPv6NDOptPrefixInfo(prefix="2001:db8:1::", prefixlen=64, L=1, A=1, validlifetime=900,
                                   preferredlifetime=600)  # fmt: skip
    sent: list[tuple[int, str, Any]] = [
        (1_000_000_000, "guest", guest / IPv6(src="fe80::1", dst="ff02::2", hlim=255) / ICMPv6ND_RS()),
        (1_200_000_000, "router", router / ICMPv6ND_RA(M=1, O=0, routerlifetime=1800, chlim=64) / prefix),
        (4_500_000_000, "guest", guest / IPv6(src="fe80::1", dst="ff02::1:2", hlim=1)
         / UDP(sport=546, dport=547) / DHCP6_Solicit(trid=0xABCDEF)
         / DHCP6OptClientId(duid=DUID_LL(lladdr=GUEST)) / DHCP6OptElapsedTime(elapsedtime=0)),
    ]  # fmt: skip
    found = []
    for ns, node, packet in sent:
        data = bytes(packet)
        other = "router" if node == "guest" else "guest"
        found.append(Frame(len(found) + 1, ns, node, "eth0", True, data))
        found.append(Frame(len(found) + 1, ns + 10_000, other, "eth0", False, data))
    return found


def recording(name: str, said: str = "listening") -> Recording:
    """The play of that name; a program says `said`."""
    who = {"guest": Program("dhcpcd", "9.4.1"), "router": Program("radvd", "2.19")}
    play = Play(name, "guest-boot", {"mode": "stateful"}, "Lan", who, {"guest": "guest", "router": "router"}, {})
    address = {"family": "inet6", "ifname": "eth0", "prefixlen": 64, "scope": "global", "flags": ["mngtmpaddr"],
               "local": "2001:db8:1::1", "valid_life_time": 900, "preferred_life_time": 600}  # fmt: skip
    empty: dict[str, Any] = {"link": [], "address": [], "route": [], "neighbor": [], "sysctl": {}}
    return Recording(
        play,
        started_ns=1_767_323_045_000_000_123,
        duration_ns=6_000_000_000,
        interfaces=(Interface("guest", "eth0", GUEST), Interface("router", "eth0", ROUTER)),
        frames=tuple(frames()),
        events=(KernelEvent(1_300_000_000, 1_290_000_000, "guest", "address", "new", address),),
        outputs=(Output(1_100_000_000, "guest", "dhcpcd", said),),
        marks=(Mark(900_000_000, "up", {"node": "guest", "interface": None}),),
        snapshots=(
            Snapshot(500_000_000, "before", "guest", empty),
            Snapshot(5_000_000_000, "after", "guest", {**empty, "address": [address]}),
        ),
        configurations={"guest/dhcpcd.conf": "duid ll\n"},
    )


def staged_report(directory: Path, size: int = 24, said: str = "listening") -> Compliance:
    """A document whose first verdict is a failure that the recording beside it shows."""
    made = document(size)
    first = made["verdicts"][0]
    name = str(first["recording"])
    save(recording(name, said), directory / "recordings" / name)
    first |= {
        "verdict": "fail",
        "known_deviation": None,
        "reason": "the guest believed an RA with hop limit 64",
        "evidence": [
            {"kind": "frame", "node": "guest", "interface": "eth0", "frame": 4, "time": 1.20001,
             "text": "received: fe80::2 > ff02::1: Router Advertisement M=1 O=0, hop limit 64"},
            {"kind": "event", "node": "guest", "interface": "eth0", "frame": None, "time": 1.3,
             "text": "address added or changed: local 2001:db8:1::1"},
        ],
    }  # fmt: skip
    return made
