"""DHCPv6 clients for mutants: a scripted client takes the guest's part, right in all (EXEMPLARY) or wrong in one thing.

The guest's kernel does the rest, as beside any client: Router Advertisements, DAD, answering for its addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from fixtures.implementations.linux import kernel_settings
from fixtures.peers.addresses import KernelAddresses
from fixtures.peers.dhcpv6 import broken_clients as broken
from fixtures.peers.dhcpv6.client import ScriptedDhcpv6Client
from fixtures.peers.dhcpv6.confirming_client import ConfirmingClient
from fixtures.programs.base import GuestClient, Post
from fixtures.programs.party import Party

#: Who works at a post; one scripted guest may play in several plays at the same time.
_working: WeakKeyDictionary[Post, ScriptedDhcpv6Client] = WeakKeyDictionary()


@dataclass(frozen=True)
class ScriptedGuest(GuestClient):
    """A guest whose DHCPv6 client is a scripted one at its first interface.

    `flags` are words of `ip address` with which it adds its addresses, such as nodad.
    """

    name: str  # type: ignore[misc]
    party = Party.PEER
    client: type[ScriptedDhcpv6Client] = ScriptedDhcpv6Client
    flags: tuple[str, ...] = ()

    def version(self) -> str:
        return "1"

    def prepare(self, post: Post) -> None:
        kernel_settings(post)

    def start(self, post: Post) -> None:
        _working[post] = post.peer(self.client(KernelAddresses(flags=self.flags)))

    def stop(self, post: Post) -> None:
        _working[post].close()

    def release(self, post: Post) -> None:
        _working[post].release()


EXEMPLARY = ScriptedGuest("exemplary-client")

SOLICITS_AT_T1 = ScriptedGuest("client-that-solicits-at-t1", broken.SolicitsAtT1)
DROPS_ADDRESS_AT_T1 = ScriptedGuest("client-that-drops-its-address-at-t1", broken.DropsAddressAtT1)
RENEWS_FOR_EVER = ScriptedGuest("client-that-renews-for-ever", broken.RenewsForEver)
NAMES_SERVER_IN_REBIND = ScriptedGuest("client-that-names-its-server-in-rebind", broken.NamesServerInRebind)
GIVES_UP_AT_EXPIRY = ScriptedGuest("client-that-gives-up-when-its-lease-ends", broken.KeepsExpiredAddress)
RELEASES_FROM_ADDRESS = ScriptedGuest("client-that-releases-from-the-address", broken.ReleasesFromTheAddress)
KEEPS_RELEASED = ScriptedGuest("client-that-keeps-what-it-released", broken.KeepsReleasedAddress)
KEEPS_DUPLICATE = ScriptedGuest("client-that-keeps-a-duplicate", broken.KeepsDuplicate, ("nodad",))
ABANDONS_DUPLICATE = ScriptedGuest("client-that-abandons-a-duplicate", broken.AbandonsDuplicate)

CONFIRMS = ScriptedGuest("client-that-confirms", ConfirmingClient)
OBEYS_RECONFIGURE = ScriptedGuest("client-that-obeys-any-reconfigure", broken.ObeysReconfigure)
TAKES_ANY_ASSOCIATION = ScriptedGuest("client-that-takes-any-association", broken.TakesAnyAssociation)
