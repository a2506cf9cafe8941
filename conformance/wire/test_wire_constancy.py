"""A router that says now this, now that: its flags change from RA to RA, though nobody configures it anew."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.wire.edits import with_fields
from conformance.wire.sample import conversation
from conformance.wire.spoken import doubt, examine, is_capture, must, saying
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import RouterAdvertisement

#: Whoever configures a router anew changes a flag once, or takes it back; so many changes are the router's own.
CHANGES = 3


@check("RA-05", role="router", passive=True)
def test_wire_flags_are_steady(recording: Recording, notebook: Notebook) -> None:
    """M, O, and L and A of a prefix do not change to and fro from RA to RA: they are configured (RFC 4861 6.2.1).

    In a capture somebody may have configured the router again and again, so it is a warning there.
    """
    sent = list(saying(recording, "router", ndp.router_advertisements))
    examine(notebook, sent, "no Router Advertisement was seen")
    said: dict[tuple[object, ...], list[tuple[bool, RouterAdvertisement]]] = defaultdict(list)
    for each in sent:
        for (name, *of), value in _flags(each).items():
            said[each.frame.interface, each.source, name, *of].append((value, each))
    for (_, source, name, *of), values in said.items():
        changed = [ra for (before, _), (now, ra) in pairwise(values) if before != now]
        if len(changed) >= CHANGES:
            about = f" of {of[0]}" if of else ""
            words = f"{name}{about} changed {len(changed)} times in {len(values)} RAs of {source}"
            if is_capture(recording):
                doubt(notebook, words, *changed[:CHANGES])
            else:
                must(notebook, False, words, *changed[:CHANGES])
    notebook.finding = f"the flags of {len(sent)} RAs are steady"


def _flags(ra: RouterAdvertisement) -> dict[tuple[object, ...], bool]:
    """The flags of an RA: by name, and by prefix where they are of one."""
    found: dict[tuple[object, ...], bool] = {("M",): ra.managed, ("O",): ra.other}
    for prefix in ra.prefixes:
        found["L", prefix.network], found["A", prefix.network] = prefix.on_link, prefix.autonomous
    return found


@healthy(test_wire_flags_are_steady)
def router_of_the_sample() -> Recording:
    return conversation("router")


@edited(test_wire_flags_are_steady, because="M changed")
def says_now_this_now_that(recording: Recording) -> Recording:
    every_other = list(saying(recording, "router", ndp.router_advertisements))[::2]
    return with_fields(recording, every_other, "ICMPv6ND_RA", M=0)


@edited(test_wire_flags_are_steady, because="A of 2001:db8:1::/64 changed")
def says_that_addresses_are_made_and_are_not(recording: Recording) -> Recording:
    every_other = list(saying(recording, "router", ndp.router_advertisements))[::2]
    return with_fields(recording, every_other, "ICMPv6NDOptPrefixInfo", A=1)
