"""Made-up runs: documents of any size, in the shape that real ones have."""

from __future__ import annotations

from typing import Any

from reports.document.compliance import Compliance, Evidence, Figure, Requirement, Verdict

GUESTS = {"linux": "6.1.0", "dhclient": "4.4.3-P1", "dhcpcd": "9.4.1", "systemd-networkd": "252"}
ROUTERS: tuple[dict[str, dict[str, str]], ...] = (
    {"router": {"name": "dnsmasq", "version": "2.90"}},
    {"router": {"name": "radvd", "version": "2.19"}, "dhcpv6-server": {"name": "kea", "version": "2.2.0"}},
)
FAMILIES = {"RA": "Router discovery", "DHCP6": "DHCPv6 client, server, relay", "DUAL": "Dual stack"}
UNSEEN = ("not-run", "not-applicable", "error")
RARE = ("fail", "warn", "inconclusive", "not-applicable", "not-run", "error", "flaky")


def document(size: int = 64) -> Compliance:
    """A document with `size` verdicts, all words among them when there is room."""
    guests = [{"guest": {"name": name, "version": version}} for name, version in GUESTS.items()]
    casts = [{**guest, **router} for guest in guests for router in ROUTERS]
    rows = -(-size // len(casts))
    requirements = [requirement(number) for number in range(rows + 3)]
    wide = len(casts)
    verdicts = [verdict(requirements[number // wide], casts[number % wide], number) for number in range(size)]
    return {
        "schema": 1,
        "run": {
            "started": "2026-01-02T03:04:05Z",
            "duration_s": 61.25,
            "cpu_s": 44.5,
            "kernel": "6.1.0",
            "workers": 2,
            "command": "pytest conformance/ -n 2",
            "selected": size,
            "stopped": None,
            "stall_s": 0.012,
        },
        "families": FAMILIES,
        "requirements": requirements,
        "verdicts": verdicts,
        "figures": [figure(cast, number) for number, cast in enumerate(casts)],
    }


def requirement(number: int) -> Requirement:
    family = list(FAMILIES)[number % len(FAMILIES)]
    return {
        "id": f"{family}-{number:02}",
        "level": ("MUST", "SHOULD", "PLATFORM", "MAY")[number % 4],
        "family": family,
        "role": "guest",
        "source": "RFC 4861 §6.2.3",
        "clouds": ["calico"],
        "text": f"Sentence {number}: a router sends <Router Advertisements> with M & O as it was told, to everybody.",
        "checks": [{"test": f"test_number_{number}", "mutants": number % 5}],
    }


def verdict(of: Requirement, cast: dict[str, Any], number: int) -> Verdict:
    word = RARE[number // 9 % len(RARE)] if number % 9 == 4 else "pass"
    names = "-".join(each["name"] for each in cast.values())
    return {
        "requirement": of["id"],
        "test": f"conformance/test_{of['family'].lower()}.py::test_number_{of['id'][-2:]}[{names}]",
        "implementations": cast,
        "cloud": None,
        "role": "guest",
        "scenario": "guest-boot",
        "verdict": word,
        "reason": f"verdict {number}: the advertisement has <M=1> & came {number} ms after the solicitation",
        "known_deviation": "https://bugs.example/1" if word in ("fail", "warn") and number % 2 else None,
        "evidence": [] if word in UNSEEN else [evidence(frame) for frame in range(3, 8)],
        "recording": f"guest-boot-{names}-0a1b2c3d",
        "reproduce": f"pytest 'conformance/test_ra.py::test_number[{names}]' --guest {cast['guest']['name']}",
    }


def evidence(frame: int) -> Evidence:
    return {
        "kind": "packet",
        "node": "guest",
        "interface": "eth0",
        "frame": frame,
        "time": 1.25 + frame / 1000,
        "text": "fe80::1 > ff02::1 ICMPv6 Router Advertisement M=1 O=0, hop limit 255, lifetime 1800 s",
    }


def figure(cast: dict[str, Any], number: int) -> Figure:
    return {
        "name": "connection attempt delay",
        "value": 0.2 + number / 100,
        "unit": "s",
        "implementations": cast,
        "requirement": "DUAL-10",
        "recording": None,
    }


def cell(number: int = 0, word: str | None = None) -> dict[str, Any]:
    """What a check's report carries: a verdict with its figures."""
    found = document(number + 1)
    made: dict[str, Any] = {**found["verdicts"][number], "figures": [{"name": "delay", "value": 0.25, "unit": "s"}]}
    if word:
        made["verdict"] = word
    return made
