"""Guests whose image tells its DHCPv6 client something wrong: the real client, badly configured."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.implementations.dhclient import Dhclient
from fixtures.programs.base import Post, find_program
from fixtures.situation import GuestSettings


@dataclass(frozen=True)
class DhclientImage(Dhclient):
    """dhclient with other settings, or for some interfaces only, or with a disk that does not last.

    `duid` (hex) is an identifier that came with the image.
    """

    name: str  # type: ignore[misc]
    settings: GuestSettings | None = None
    interfaces: tuple[str, ...] = ()
    diskless: bool = False
    duid: str = ""

    def start(self, post: Post) -> None:
        post.settings = self.settings or post.settings
        post.interfaces = self.interfaces or post.interfaces
        if self.diskless:
            self.forget(post)
        if self.duid:
            octal = "".join(f"\\{octet:03o}" for octet in bytes.fromhex(self.duid))
            post.write("dhclient6.leases", f'default-duid "{octal}";\n')
        super().start(post)


@dataclass(frozen=True)
class DhclientForEver(Dhclient):
    """dhclient whose script drops the lease's lifetimes."""

    name: str  # type: ignore[misc]

    def _six(self, post: Post) -> list[str]:
        script = post.write("for-ever", f"""#!/bin/sh
export new_max_life=forever new_preferred_life=forever
exec {find_program("dhclient-script")} "$@"
""")
        script.chmod(0o755)
        return [*super()._six(post), "-sf", str(script)]



ONE_NIC = DhclientImage("dhclient:eth0-only", interfaces=("eth0",))
SIXTY_FOUR = DhclientImage("dhclient:prefixlen=64", GuestSettings(prefixlen=64))
FOR_EVER = DhclientForEver("dhclient:lifetimes-dropped")
LINK_LAYER_TIME = DhclientImage("dhclient:duid-llt", GuestSettings(duid="default"))
DISKLESS = DhclientImage("dhclient:diskless", GuestSettings(duid="default"), diskless=True)
CLONED = DhclientImage("dhclient:cloned", GuestSettings(duid="default"), duid="000300010200000000aa")
