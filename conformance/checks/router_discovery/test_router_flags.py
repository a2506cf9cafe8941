"""What Router Advertisements say: the flags of each address configuration mode, and Calico's routed taps."""

from __future__ import annotations

from typing import Any

from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import receivable, why_unheeded
from fixtures.recording.editing import rewritten, with_bytes
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import RouterAdvertisement, router_advertisements
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.networks import Mode

SLAAC, STATELESS, STATEFUL = (GuestBoot(mode=mode) for mode in (Mode.SLAAC, Mode.STATELESS, Mode.STATEFUL))
CALICO = GuestBoot(mode=Mode.CALICO)


def receivable_advertisements(recording: Recording, notebook: Notebook) -> list[RouterAdvertisement]:
    """The RAs that reached the guest and that it may heed, and at least one of them; where it may heed none, a fail."""
    found = notebook.stimulus(router_advertisements(recording.at("guest", "eth0", outgoing=False)),
                              "no Router Advertisement reached the guest")
    heeded = receivable(found)
    notebook.expect(heeded, "" if heeded else why_unheeded(found[0]), *found[:1])
    return heeded


@check("RA-05", SLAAC, STATELESS, STATEFUL, role="router", needs=("prefix-flags",))
def test_flags_match_the_mode(recording: Recording, notebook: Notebook) -> None:
    """M of the RA and A of the prefix are those of the configured mode; O too where M is 0 (RFC 4861 section 4.2).

    With M=1 the O flag is redundant and not judged.
    """
    situation = recording.play.situation
    for ra in receivable_advertisements(recording, notebook):
        notebook.expect(ra.managed == situation["managed"], f"the router's RA has M={ra.managed:d}", ra.frame)
        if not situation["managed"]:
            notebook.expect(ra.other == situation["other"], f"the router's RA has O={ra.other:d}", ra.frame)
        mine = [prefix for prefix in ra.prefixes if str(prefix.network) == situation["prefix"]["network"]]
        notebook.expect(mine, f"the router's RA has no prefix {situation['prefix']['network']}", ra.frame)
        autonomous = mine[0].autonomous
        notebook.expect(autonomous == situation["prefix"]["autonomous"],
                        f"the prefix of the router's RA has A={autonomous:d}", ra.frame)
    notebook.finding = "M, O and A are those of the mode in every RA"


@edited(test_flags_match_the_mode, because="M=")
def managed_flag_turned(recording: Recording) -> Recording:
    """A router configured for another mode: its M flag is the opposite."""

    def turn(packet: Any) -> None:
        packet[layer("inet6").ICMPv6ND_RA].M ^= 1

    return rewritten(recording, router_advertisements(recording.frames), turn)


@edited(test_flags_match_the_mode, because="has the hop limit 64, so every receiver must discard it")
def router_that_nobody_may_heed(recording: Recording) -> Recording:
    return with_bytes(recording, router_advertisements(recording.frames), lambda data: data[:21] + b"\x40" + data[22:])


@edited(test_flags_match_the_mode, because="which is not link-local, so every receiver must discard it")
def router_that_speaks_from_afar(recording: Recording) -> Recording:
    def move(packet: Any) -> None:
        packet[layer("inet6").IPv6].src = "2001:db8:99::1"

    return rewritten(recording, router_advertisements(recording.frames), move)


@edited(test_flags_match_the_mode, because="A=")
def autonomous_flag_turned(recording: Recording) -> Recording:
    """A router that keeps the A flag of another mode."""

    def turn(packet: Any) -> None:
        packet[layer("inet6").ICMPv6NDOptPrefixInfo].A ^= 1

    return rewritten(recording, router_advertisements(recording.frames), turn)


@check("RA-06", CALICO, role="router")
def test_calico_style_gives_only_a_default_route(recording: Recording, notebook: Notebook) -> None:
    """On a routed tap the RA has M=1 and a lifetime above 0, and its prefix, if any, is neither on-link nor autonomous.

    So the guest has a default route and no route to the prefix itself.
    """
    for ra in receivable_advertisements(recording, notebook):
        notebook.expect(ra.managed, "the router's RA has M=0", ra.frame)
        notebook.expect(ra.lifetime > 0, "the router's RA has a router lifetime of 0", ra.frame)
        for prefix in ra.prefixes:
            notebook.expect(not prefix.on_link, f"the router's RA has the prefix {prefix.network} with L=1", ra.frame)
            notebook.expect(not prefix.autonomous,
                            f"the router's RA has the prefix {prefix.network} with A=1", ra.frame)
    notebook.finding = "M=1, a router lifetime, and neither L nor A"


@edited(test_calico_style_gives_only_a_default_route, because="L=1")
def prefix_on_link(recording: Recording) -> Recording:
    """The same configuration without off-link."""

    def turn(packet: Any) -> None:
        packet[layer("inet6").ICMPv6NDOptPrefixInfo].L = 1

    return rewritten(recording, router_advertisements(recording.frames), turn)


@played(test_calico_style_gives_only_a_default_route, because="L=1")
def router_without_off_link() -> Broken:
    """A router that serves the taps as it would serve a LAN."""
    return Broken(STATEFUL)
