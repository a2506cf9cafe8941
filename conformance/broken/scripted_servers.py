"""DHCPv6 servers for mutants: the scripted server takes the server's part, and believes too much."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from fixtures.peers.dhcpv6.bindings import Bindings
from fixtures.peers.dhcpv6.messages import Message
from fixtures.peers.dhcpv6.server import ScriptedDhcpv6Server
from fixtures.peers.wire import Packet
from fixtures.programs.base import Implementation, Post
from fixtures.programs.party import Party
from fixtures.protocols.dhcpv6 import Kind


class Permissive(ScriptedDhcpv6Server):
    """It answers whatever names a kind of message, and looks at no identifier."""

    def handle(self, packet: Packet, frame_time: int) -> None:
        with suppress(Exception):  # not well-formed: what it cannot read it leaves alone
            super().handle(packet, frame_time)

    def respond(self, message: Message) -> list[Packet | bytes]:
        if message.kind in (Kind.SOLICIT, Kind.REBIND):
            return self.solicit(message) if message.kind == Kind.SOLICIT else self.renew(message)
        named = {Kind.REQUEST: self.request, Kind.RENEW: self.renew, Kind.RELEASE: self.release,
                 Kind.CONFIRM: self.confirm, Kind.INFORMATION_REQUEST: self.information_request}
        method = named.get(Kind(message.kind))
        return method(message) if method else []


@dataclass(frozen=True)
class ScriptedServer(Implementation):
    """A scripted server in the place of a program; the node's kernel is silent at its interface."""

    name: str  # type: ignore[misc]
    party = Party.PEER
    server: type[ScriptedDhcpv6Server] = ScriptedDhcpv6Server
    roles = frozenset({"dhcpv6-server"})

    def version(self) -> str:
        return "scripted"

    def start(self, post: Post) -> None:
        bindings = Bindings.of(post.situation)
        post.peer(self.server(bindings, lease=post.situation.lease, dns=post.situation.dns), interface="lan0")


PERMISSIVE = ScriptedServer("server-that-believes-everything", Permissive)
