"""DHCPv6 servers for mutants: the scripted server takes the server's part, and believes too much."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address

from fixtures.peers.dhcpv6.bindings import Bindings, Owner
from fixtures.peers.dhcpv6.messages import Message
from fixtures.peers.dhcpv6.server import ScriptedDhcpv6Server
from fixtures.peers.wire import Packet
from fixtures.programs.base import Implementation, Post
from fixtures.programs.party import Party
from fixtures.protocols.dhcpv6 import Kind
from fixtures.situation import Lease


class Permissive(ScriptedDhcpv6Server):
    """It answers whatever names a kind of message, and looks at no identifier."""

    def handle(self, packet: Packet, frame_time: int) -> None:
        with suppress(Exception):  # not well-formed: what it cannot read it leaves alone
            super().handle(packet, frame_time)

    def accepts(self, message: Message) -> bool:
        return True

    def respond(self, message: Message) -> list[Packet | bytes]:
        if message.kind in (Kind.SOLICIT, Kind.REBIND):
            return self.solicit(message) if message.kind == Kind.SOLICIT else self.renew(message)
        named = {Kind.REQUEST: self.request, Kind.RENEW: self.renew, Kind.RELEASE: self.release,
                 Kind.CONFIRM: self.confirm, Kind.INFORMATION_REQUEST: self.information_request}
        method = named.get(Kind(message.kind))
        return method(message) if method else []


@dataclass
class OneForAll(Bindings):
    """Everybody gets the pool's first address."""

    def _free(self, duid: bytes) -> IPv6Address | None:
        return self.pool[0] if self.pool else None


@dataclass
class Endless(Bindings):
    """It does not know where its pool ends."""

    def _free(self, duid: bytes) -> IPv6Address | None:
        taken = {*self.leased.values(), *self.offered.values(), *self.declined}
        return max(taken) + 1 if taken else super()._free(duid)


@dataclass
class Forgiving(Bindings):
    """A declined address is free again."""

    def decline(self, owner: Owner, address: IPv6Address) -> None:
        self.release(owner)


class Forgetful(ScriptedDhcpv6Server):
    """It answers a Renew of its own lease with NoBinding."""

    def renew(self, message: Message) -> list[Packet | bytes]:
        for each in message.associations:
            self.bindings.release((message.client_id or b"", each.iaid))
        return super().renew(message)


@dataclass(frozen=True)
class ScriptedServer(Implementation):
    """A scripted server in the place of a program; the node's kernel is silent at its interface."""

    name: str  # type: ignore[misc]
    party = Party.PEER
    server: type[ScriptedDhcpv6Server] = ScriptedDhcpv6Server
    bindings: type[Bindings] = Bindings
    lease: Lease | None = None
    roles = frozenset({"dhcpv6-server"})

    def version(self) -> str:
        return "scripted"

    def start(self, post: Post) -> None:
        bindings, lease = self.bindings.of(post.situation), self.lease or post.situation.lease
        server = self.server(bindings, lease=lease, dns=post.situation.dns, domains=[post.situation.domain])
        post.peer(server, interface="lan0")


PERMISSIVE = ScriptedServer("server-that-believes-everything", Permissive)

EXEMPLARY = ScriptedServer("exemplary-server")
ONE_FOR_ALL = ScriptedServer("server-with-one-address-for-all", bindings=OneForAll)
ENDLESS = ScriptedServer("server-without-an-end", bindings=Endless)
FORGIVING = ScriptedServer("server-that-frees-what-is-declined", bindings=Forgiving)
FORGETFUL = ScriptedServer("server-that-forgets-its-lease", Forgetful)
UPSIDE_DOWN = ScriptedServer("server-that-prefers-for-ever", lease=Lease(t1=300, t2=480, preferred=1200, valid=900))
