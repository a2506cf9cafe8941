"""The platforms that the README names, as data."""

from __future__ import annotations

from dataclasses import dataclass


class PlatformError(Exception):
    """A platform cannot be played; the text is one sentence that says why."""


@dataclass(frozen=True)
class Archive:
    """Packages of one kind of system: where everybody finds them, and how a Release file calls itself.

    `keyring` is the file that its signatures are checked with, `keyring_package` what brings it.
    """

    origin: str
    label: str
    mirror: str
    keyring: str
    keyring_package: str


_DEBIAN_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg", "debian-archive-keyring"
_UBUNTU_KEYS = "/usr/share/keyrings/ubuntu-archive-keyring.gpg", "ubuntu-archive-keyring"
DEBIAN = Archive("Debian", "Debian", "http://deb.debian.org/debian", *_DEBIAN_KEYS)
SECURITY = Archive("Debian", "Debian-Security", "http://deb.debian.org/debian-security", *_DEBIAN_KEYS)
UBUNTU = Archive("Ubuntu", "Ubuntu", "http://archive.ubuntu.com/ubuntu", *_UBUNTU_KEYS)


@dataclass(frozen=True)
class Platform:
    """A system that the suite is meant to run on. `sources`: each suite and its archive, the system's own first."""

    name: str
    title: str
    sources: tuple[tuple[str, Archive], ...]
    components: str = "main"

    @property
    def suite(self) -> str:
        """The suite that a root is made from."""
        return self.sources[0][0]


PLATFORMS = {
    each.name: each
    for each in (
        Platform("debian-12", "Debian 12", (
            ("bookworm", DEBIAN), ("bookworm-updates", DEBIAN), ("bookworm-security", SECURITY),
        )),
        Platform("debian-13", "Debian 13", (
            ("trixie", DEBIAN), ("trixie-updates", DEBIAN), ("trixie-security", SECURITY),
        )),
        Platform("sid", "Debian sid", (("sid", DEBIAN),)),
        Platform("ubuntu-24.04", "Ubuntu 24.04", (
            ("noble", UBUNTU), ("noble-updates", UBUNTU), ("noble-security", UBUNTU),
        ), "main universe"),
    )
}  # fmt: skip

#: What the others are compared with.
REFERENCE = "debian-12"
#: A suite of Debian that has the keyrings of all archives.
KEYRINGS = PLATFORMS["debian-13"]


def choose(names: list[str]) -> list[Platform]:
    """The platforms of these names, all where none is named. Raises PlatformError for an unknown one."""
    for name in names:
        if name not in PLATFORMS:
            raise PlatformError(f"there is no platform {name}: the known ones are {', '.join(PLATFORMS)}.")
    return [PLATFORMS[name] for name in names or PLATFORMS]
