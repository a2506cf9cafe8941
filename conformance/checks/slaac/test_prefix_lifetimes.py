"""Prefixes in time: the two-hour rule, deprecation and expiry of addresses, and how long a prefix is on the link."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.prefixes import (
    first_usable,
    formed_address_events,
    looked_for,
    on_link,
    rows,
    shot,
    to_router,
    with_rows,
)
from conformance.reading.receivable import echo_replies
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.transport import Echo, echoes
from fixtures.scenarios.slaac.advertised_prefixes import (
    FLEETING,
    HOURS,
    LONG,
    NARROW,
    NEAR_FLEETING,
    OFF_LINK,
    PATIENCE,
    RAISED,
    STEADY,
    AdvertisedPrefixes,
    absent,
    address_deprecated,
    address_gone,
)
from fixtures.situation import Prefix

#: Seconds: the kernel keeps whole seconds, and looks at lifetimes in coarse steps.
LATE = 2.0
#: A client that keeps the end of a lifetime tells the kernel whole seconds, rounded up (NetworkManager).
ROUNDED_UP = 1


@check("SLAAC-07.cut", AdvertisedPrefixes(), role="guest")
def test_two_hour_rule(recording: Recording, notebook: Notebook) -> None:
    """An RA cuts a valid lifetime above two hours to two hours at most (RFC 4862 section 5.5.3 e).

    So an address of three hours has two left after an RA with one minute.
    """
    before = shot(recording, "configured", notebook)
    for name in ("cut", "withdrawn"):
        after = shot(recording, name, notebook)
        passed = after.time - before.time
        notebook.expect(rows(after, LONG.network), f"the guest removed the address in {LONG.network}", after)
        for row in rows(after, LONG.network):
            has = row["valid_life_time"]
            notebook.expect(2 * HOURS - passed - LATE <= has <= 2 * HOURS + ROUNDED_UP,
                            f"the guest's {row['local']} is valid for {has} s, not for two hours, after an RA with "
                            "60 s", after)
    notebook.finding = "the long lifetime was cut to two hours"


@check("SLAAC-07.short-not-cut", AdvertisedPrefixes(), role="guest")
def test_short_lifetimes_are_not_cut(recording: Recording, notebook: Notebook) -> None:
    """A valid lifetime below two hours is not cut at all by an RA (RFC 4862 section 5.5.3 e).

    So the address of a quarter of an hour is not touched by one with half a minute, nor when its prefix is withdrawn.
    """
    before = shot(recording, "configured", notebook)
    old = notebook.stimulus(rows(before, STEADY.network), f"the guest had no address in {STEADY.network}")[0]
    for name in ("cut", "withdrawn"):
        after = shot(recording, name, notebook)
        kept = [row["valid_life_time"] for row in rows(after, STEADY.network) if row["local"] == old["local"]]
        low = old["valid_life_time"] - (after.time - before.time) - LATE
        notebook.expect(kept and kept[0] >= low,
                        f"the guest's {old['local']} is valid for {kept[0] if kept else 0} s after an RA with 30 s; "
                        f"it had {old['valid_life_time']} s, which is not to be cut", after)
    notebook.finding = "the short lifetime was left alone"


#: By part: what an RA raises at last, and from where.
RAISES = {"raised-above-two-hours": RAISED[0], "raised-above-the-rest": RAISED[1]}


@check("SLAAC-07", AdvertisedPrefixes(), role="guest", parts=RAISES)
def test_lifetimes_are_raised(recording: Recording, notebook: Notebook, part: str) -> None:
    """An RA raises a valid lifetime to more than two hours, or to more than is left (RFC 4862 section 5.5.3 e)."""
    prefix = RAISES[part]
    before, after = shot(recording, "withdrawn", notebook), shot(recording, "raised", notebook)
    had = notebook.stimulus(rows(before, prefix.network), f"the guest had no address in {prefix.network}")[0]
    notebook.stimulus([had] if had["valid_life_time"] < prefix.valid - PATIENCE - LATE else [],
                      f"{had['local']} was valid for {had['valid_life_time']} s, so nothing was raised")
    told = [row for row in rows(after, prefix.network) if row["local"] == had["local"]]
    has = told[0]["valid_life_time"] if told else 0
    low = prefix.valid - PATIENCE - LATE
    notebook.expect(low <= has <= prefix.valid + ROUNDED_UP,
                    f"the guest's {had['local']} is valid for {has} s after an RA with {prefix.valid} s; it had "
                    f"{had['valid_life_time']} s", before, after)
    notebook.finding = f"the lifetime was raised from {had['valid_life_time']} s to {has} s"


@check("SLAAC-10", AdvertisedPrefixes(), role="guest")
def test_deprecated_address_is_left_for_others(recording: Recording, notebook: Notebook) -> None:
    """After its preferred lifetime an address is no source of new flows and still answers; then it is removed.

    RFC 4862 section 5.5.4; it has the longest prefix in common with the destination, so nothing but its deprecation
    speaks against it (RFC 6724 section 5 rule 3).
    """
    ready = first_usable(recording, FLEETING.network, notebook)
    address = IPv6Address(ready.fields["local"])
    ends = notebook.stimulus(_events(recording, address_deprecated("guest", address)),
                             f"{address} was never deprecated")[0]
    told = ready.fields["preferred_life_time"]
    notebook.in_time(ends.time - ready.time, told + LATE,
                     f"the guest kept {address} preferred for too long", ready, ends)
    notebook.expect(ends.time - ready.time >= told - LATE, f"the guest deprecated {address} early", ready, ends)
    looked_for(recording, notebook, NEAR_FLEETING + 1)
    for request in notebook.stimulus(to_router(recording, NEAR_FLEETING + 1),
                                     "the guest sent nothing after the address was deprecated"):
        notebook.expect(request.source != address,
                        f"the guest's new flow comes from {address}, which is deprecated", request)
    _answers_while_valid(recording, notebook, address, ready)


def _answers_while_valid(recording: Recording, notebook: Notebook, address: IPv6Address, ready: KernelEvent) -> None:
    """It answers before it is removed, is removed in time, and answers no more."""
    removed = _events(recording, address_gone("guest", address))
    notebook.expect(removed, f"the guest's {address} is not removed after its valid lifetime", ready)
    end, told = removed[0], ready.fields["valid_life_time"]
    notebook.in_time(end.time - ready.time, told + LATE, f"the guest removed {address} late", ready, end)
    asked = [each for each in echoes(recording.at("guest", "eth0", outgoing=False), reply=False)
             if each.destination == address]
    notebook.stimulus(asked[1:], "no node sent to the address before and after its end")
    answers = _replies(recording, address)
    notebook.expect([each for each in answers if each.time < end.time],
                    f"the guest's {address} did not answer while deprecated",
                    asked[0], *answers)
    late = [each for each in answers if each.time > end.time]
    notebook.expect(not late, f"the guest answers from {address}, though its valid lifetime is over", *late)


@check("RA-15", AdvertisedPrefixes(), role="guest")
def test_not_on_link_says_nothing(recording: Recording, notebook: Notebook) -> None:
    """A prefix with L=0 neither becomes on-link, nor ends being on-link (RFC 4861 section 6.3.4).

    A destination in a prefix that was only ever advertised with L=0 goes to the router; one in a prefix that had L=1
    before is still solicited.
    """
    _to_router(recording, notebook, OFF_LINK, 0)
    _on_link(recording, notebook, STEADY, 0)
    _on_link(recording, notebook, STEADY, 1)
    notebook.finding = "L=0 made nothing on-link, and nothing off-link"


@check("NDP-13.withdrawn", AdvertisedPrefixes(), role="guest")
def test_off_link_when_withdrawn(recording: Recording, notebook: Notebook) -> None:
    """A prefix with L=1 and a valid lifetime of 0 is not on-link any more (RFC 4861 section 6.3.4).

    Before that it was; after it, packets into it go to the router.
    """
    _on_link(recording, notebook, NARROW, 0)
    _to_router(recording, notebook, NARROW, 1)
    notebook.finding = "the prefix ended when it was withdrawn"


@check("NDP-13.until-its-end", AdvertisedPrefixes(), role="guest")
def test_on_link_until_the_end(recording: Recording, notebook: Notebook) -> None:
    """A prefix with L=1 is on-link shortly before the end of its valid lifetime, too (RFC 4861 section 6.3.4)."""
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    told = [ra for ra in heard for each in ra.prefixes if each.network == FLEETING.network]
    first = notebook.stimulus(told, f"no RA with {FLEETING.network} reached the guest")[0]
    tried = looked_for(recording, notebook, absent(FLEETING, 1))
    left = first.time + FLEETING.valid - tried.what.begin
    notebook.stimulus([tried] if left > recording.stall() else [],
                      "the guest tried no address of the prefix when it had ended")
    notebook.cite(first)
    _on_link(recording, notebook, FLEETING, 1)
    notebook.finding = f"the prefix was on-link {left:.1f} s before its end"


@check("NDP-13.ended", AdvertisedPrefixes(), role="guest")
def test_off_link_when_ended(recording: Recording, notebook: Notebook) -> None:
    """When the valid lifetime of a prefix is over, packets into it go to the router (RFC 4861 section 6.3.5)."""
    _to_router(recording, notebook, FLEETING, 0)
    notebook.finding = "the prefix ended when its time was over"


def _on_link(recording: Recording, notebook: Notebook, prefix: Prefix, number: int) -> None:
    destination = absent(prefix, number)
    tried = looked_for(recording, notebook, destination)
    found = on_link(recording, destination)
    notebook.expect(found,
                    f"the guest did not solicit {destination}, though {prefix.network} is on-link", tried, *found[:1])


def _to_router(recording: Recording, notebook: Notebook, prefix: Prefix, number: int) -> None:
    destination = absent(prefix, number)
    looked_for(recording, notebook, destination)
    wrong = on_link(recording, destination)
    notebook.expect(not wrong, f"the guest solicited {destination}, though {prefix.network} is not on-link", *wrong[:1])
    sent = to_router(recording, destination)
    notebook.cite(*notebook.stimulus(sent, f"the guest sent nothing to {destination}"))


def _events(recording: Recording, watch: Any) -> list[KernelEvent]:
    return [event for event in recording.kernel("guest") if watch(event)]


def _replies(recording: Recording, address: IPv6Address) -> list[Echo]:
    sent = echo_replies(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if each.source == address]


@edited(test_two_hour_rule, because="not for two hours")
def guest_that_cuts_as_told(recording: Recording) -> Recording:
    """One minute is what the router said."""
    return with_rows(recording, "cut", LONG.network, lambda row: {**row, "valid_life_time": 60})


@edited(test_two_hour_rule, because="not for two hours")
def guest_that_cuts_nothing(recording: Recording) -> Recording:
    """Three hours stay three hours."""
    return with_rows(recording, "cut", LONG.network, lambda row: {**row, "valid_life_time": 3 * HOURS - 5})


@edited(test_short_lifetimes_are_not_cut, because="which is not to be cut")
def guest_that_cuts_short_lifetimes(recording: Recording) -> Recording:
    """Half a minute is what the router said."""
    return with_rows(recording, "withdrawn", STEADY.network, lambda row: {**row, "valid_life_time": 28})


@edited(test_deprecated_address_is_left_for_others, because="which is deprecated")
def guest_that_prefers_the_longest_prefix(recording: Recording) -> Recording:
    """Its source selection does not know rule 3."""
    address = first_address(recording)

    def change(packet: Any) -> None:
        packet.payload.src = str(address)

    return editing.rewritten(recording, to_router(recording, NEAR_FLEETING + 1), change)


@edited(test_deprecated_address_is_left_for_others, because="did not answer while deprecated")
def guest_that_hides_deprecated_addresses(recording: Recording) -> Recording:
    """It does not answer."""
    return editing.without(recording, frames=_replies(recording, first_address(recording)))


@edited(test_deprecated_address_is_left_for_others, because="is not removed after its valid lifetime")
def guest_that_keeps_its_address(recording: Recording) -> Recording:
    """It never takes it away."""
    return editing.without(recording, events=_events(recording, address_gone("guest", first_address(recording))))


@edited(test_deprecated_address_is_left_for_others, because="early")
def guest_in_a_hurry(recording: Recording) -> Recording:
    """It deprecates the address long before its time."""
    events = _events(recording, address_deprecated("guest", first_address(recording)))
    return editing.shifted(recording, -5.0, events=events)


@edited(test_not_on_link_says_nothing, because="is not on-link")
def guest_that_takes_every_prefix_for_its_link(recording: Recording) -> Recording:
    """It solicits the destination in the prefix with L=0."""
    return _with_solicitation(recording, absent(STEADY), absent(OFF_LINK))


@edited(test_not_on_link_says_nothing, because="is on-link")
def guest_that_takes_no_for_an_answer(recording: Recording) -> Recording:
    """L=0 ends the prefix for it."""
    return editing.without(recording, frames=on_link(recording, absent(STEADY, 1)))


@edited(test_off_link_when_withdrawn, because="2001:db8:a5::/72 is not on-link")
def guest_that_overlooks_the_withdrawal(recording: Recording) -> Recording:
    """It solicits in the prefix that was withdrawn."""
    return _with_solicitation(recording, absent(NARROW), absent(NARROW, 1))


@edited(test_lifetimes_are_raised, because="after an RA with")
def guest_that_only_cuts(recording: Recording, part: str) -> Recording:
    """Ten minutes are enough for it."""
    return with_rows(recording, "raised", RAISES[part].network, lambda row: {**row, "valid_life_time": 600})


@edited(test_on_link_until_the_end, because="is on-link")
def guest_that_forgets_early(recording: Recording) -> Recording:
    """It solicits nobody in the prefix two seconds before its end."""
    return editing.without(recording, frames=on_link(recording, absent(FLEETING, 1)))


@edited(test_off_link_when_ended, because="2001:db8:a3::/64 is not on-link")
def guest_with_prefixes_for_ever(recording: Recording) -> Recording:
    """It solicits in the prefix that ended."""
    return _with_solicitation(recording, absent(STEADY), absent(FLEETING))


@played(test_off_link_when_withdrawn, because="is on-link")
def guest_that_ignores_prefixes() -> Broken:
    """Its kernel takes no Prefix Information."""
    return Broken(AdvertisedPrefixes(), {"guest": KernelGuest("linux:accept_ra_pinfo=0", {"accept_ra_pinfo": 0})})


def first_address(recording: Recording) -> IPv6Address:
    """The guest's address in the fleeting prefix."""
    return IPv6Address(formed_address_events(recording, FLEETING.network)[0].fields["local"])


def _with_solicitation(recording: Recording, like: IPv6Address, destination: IPv6Address) -> Recording:
    """The guest solicits for one destination as it did for another."""
    def change(packet: Any) -> None:
        packet.payload.payload.tgt = str(destination)

    return editing.rewritten(recording, on_link(recording, like)[-1:], change)
