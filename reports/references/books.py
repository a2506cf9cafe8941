"""Books of behaviors that others judge, too: which there are, and the pages that say what judges the same here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Book:
    """One table of behaviors, and its page in docs/.

    A part's `reference` begins with `prefix` and goes on with group and number. `titles` are those of the groups;
    `roles` are whose verdicts the page shows.
    """

    name: str
    prefix: str
    title: str
    head: str
    titles: Mapping[str, str]
    roles: frozenset[str]

    @property
    def table(self) -> Path:
        """The behaviors in our own words: group, number, behavior, and why it is not judged where that has a reason."""
        return _HERE / f"{self.name}.tsv"

    @property
    def verdicts(self) -> Path:
        """What reports said of each part, kept so that the page needs no report to be made."""
        return _HERE / f"{self.name}-verdicts.toml"

    @property
    def page(self) -> Path:
        """The page that is made of both."""
        return _HERE.parents[1] / "docs" / f"{self.name}.md"


IPV6_READY = Book(
    "ipv6-ready", "IPv6 Ready host ", "The IPv6 Ready Core test of a host, and Sextant",
    """\
The behaviors of a host that the IPv6 Ready Core test judges, in our own words, each with the parts of the catalogue
that judge the same, and what guests did. A part may judge more than the behavior, or by a later RFC.
`script/conformance --profile host-core --guest NAME` plays what is needed, and then
`python -m reports ipv6-ready-doc reports/out` takes over the verdicts. A dot stands where none is at hand.
""",
    {"ND": "Neighbor discovery", "RD": "Router and prefix discovery", "REDIRECT": "Redirects",
     "addr": "Addresses and duplicate address detection", "spec": "Headers, options and fragments",
     "icmp": "ICMPv6", "pmtu": "Path MTU"},
    frozenset({"guest"}))

IPV6_READY_ROUTER = Book(
    "ipv6-ready-router", "IPv6 Ready router ", "The IPv6 Ready Core test of a router, and Sextant",
    """\
The behaviors of a router that the IPv6 Ready Core test judges, in our own words, each with the parts of the catalogue
that judge the same, and what routers did. Who forwards is the kernel, whichever daemon advertises beside it, so both
have a column. `script/conformance --profile router-core --router NAME` plays what is needed, and then
`python -m reports ipv6-ready-router-doc reports/out` takes over the verdicts. A dot stands where none is at hand.
""",
    {**IPV6_READY.titles, "RD": "Router discovery"}, frozenset({"router", "compute-host"}))

DHCPV6 = Book(
    "dhcpv6", "DHCPv6 ", "What DHCPv6 asks, and what judges it here",
    """\
The behaviors of DHCPv6 clients, servers, relays and both sides of prefix delegation, each with the parts of the
catalogue that judge it, and what programs did. Section numbers are those of RFC 8415.
`script/conformance -k 'dhcpv6 or prefix_delegation' --dhcpv6-server all` plays what is needed, and then
`python -m reports dhcpv6-doc reports/out` takes over the verdicts. A dot stands where none is at hand.
""",
    {"client": "Clients", "client-rfc": "Clients: what is newer than the usual tests", "server": "Servers",
     "server-rfc": "Servers: what is newer than the usual tests", "relay": "Relays",
     "relay-rfc": "Relays: what is newer than the usual tests", "pd-client": "Requesting routers",
     "pd-server": "Delegating servers"},
    frozenset({"guest", "dhcpv6-server", "relay", "requesting-router"}))

BOOKS = {book.name: book for book in (IPV6_READY, IPV6_READY_ROUTER, DHCPV6)}
