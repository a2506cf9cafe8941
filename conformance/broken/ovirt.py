"""oVirt's parties, broken in one way each: run as a module with the word that names the way."""

from __future__ import annotations

import sys

from fixtures.clouds import ovirt_client, ovirt_daemon

MODULE = "conformance.broken.ovirt"
DAEMON_ON_IPV4 = f"{MODULE} daemon-on-ipv4"
SPLITS_AT_COLON = f"{MODULE} client-splits-at-colon"
ZONELESS_CLIENT = f"{MODULE} client-without-zones"


def daemon_on_ipv4() -> None:
    """A daemon that has never heard of management_ip."""
    ovirt_daemon.serve("0.0.0.0")


def client_splits_at_colon() -> None:
    """A client that takes what is before the first colon for the host."""
    ovirt_client.parsed = lambda target: (target.split(":")[0], 54321)
    ovirt_client.main()


def client_without_zones() -> None:
    """A client that takes the zone for a part of the name that it may leave out."""
    healthy = ovirt_client.parsed

    def zoneless(target: str) -> tuple[str, int]:
        host, port = healthy(target)
        return host.partition("%")[0], port

    ovirt_client.parsed = zoneless
    ovirt_client.main()


def main() -> None:
    """Be the party that the first argument names."""
    ways = {"daemon-on-ipv4": daemon_on_ipv4, "client-splits-at-colon": client_splits_at_colon,
            "client-without-zones": client_without_zones}
    ways[sys.argv.pop(1)]()


if __name__ == "__main__":
    main()
