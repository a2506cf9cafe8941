"""A client with two links, and a server behind each that has the same link-local address as the other."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Interface, IPv6Network

from topologies.stage.topology import Topology

#: The address that both servers have, each on its own link (RFC 4007 section 5: a zone is one link).
AMBIGUOUS = IPv6Address("fe80::1")
_LINK_LOCAL = IPv6Network("fe80::/64")


class Scoped(Topology):
    """
        client eth0 ----- eth0 server
               eth1 ----- eth0 server2

    No router, no name server: only the zone id says which of the two servers is meant.
    """

    def build(self) -> None:
        self.peer("client")
        for number, name in enumerate(("server", "server2")):
            self.peer(name)
            self.wire("client", f"eth{number}", name, "eth0",
                      addresses2=[IPv6Interface((AMBIGUOUS, _LINK_LOCAL.prefixlen))])
