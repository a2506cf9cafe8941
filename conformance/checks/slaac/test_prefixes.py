"""Addresses from advertised prefixes: which a guest forms, with which lifetimes, and which prefixes it must ignore."""

from __future__ import annotations

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.prefixes import first_usable, formed_address_events, looked_for, on_link, rows, shot, with_rows
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import ndp
from fixtures.scenarios.slaac.advertised_prefixes import (
    CONTRADICTORY,
    FLEETING,
    LINK_LOCAL,
    LONG,
    NARROW,
    OFF_LINK,
    STEADY,
    WIDE,
    AdvertisedPrefixes,
    absent,
)
from fixtures.situation import Prefix
from fixtures.stagecraft.marks import Start

#: Seconds by which a lifetime may differ from the advertised one: the kernel keeps whole seconds, and the address is
#: looked at when the play is told of it.
SECONDS = 2
#: A client that keeps the end of a lifetime tells the kernel whole seconds, rounded up (NetworkManager).
ROUNDED_UP = 1
FOR_EVER = 0xFFFFFFFF


@check("SLAAC-01", AdvertisedPrefixes(), role="guest")
def test_forms_addresses_with_the_advertised_lifetimes(recording: Recording, notebook: Notebook) -> None:
    """Each autonomous /64 prefix gives an address with its valid and preferred lifetimes (RFC 4862 section 5.5.3).

    A prefix without the A flag gives none.
    """
    for prefix in (STEADY, LONG, FLEETING):
        events = formed_address_events(recording, prefix.network)
        notebook.expect(events, f"the guest formed no address from {prefix.network}", *recording.marked(Start))
        _lives(recording, prefix, events[0], notebook)
        notebook.cite(*events)
    wrong = formed_address_events(recording, OFF_LINK.network)
    notebook.expect(not wrong, f"the guest formed an address from {OFF_LINK.network}, which has A=0", *wrong)
    notebook.finding = "each of three autonomous prefixes gave an address that lives as long as advertised"


def _first_advertisement(recording: Recording, prefix: Prefix, notebook: Notebook) -> ndp.RouterAdvertisement:
    """The first RA with the prefix that reached the guest."""
    return _all_advertised(recording, prefix, notebook)[0]


def _all_advertised(recording: Recording, prefix: Prefix, notebook: Notebook) -> list[ndp.RouterAdvertisement]:
    """Every RA with the prefix that reached the guest."""
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    told = [ra for ra in heard for each in ra.prefixes if each.network == prefix.network]
    return notebook.stimulus(told, f"no RA with {prefix.network} reached the guest")


def _lives(recording: Recording, prefix: Prefix, event: KernelEvent, notebook: Notebook) -> None:
    """The address has been there since the advertisement, some seconds of duplicate address detection ago."""
    passed = event.time - _first_advertisement(recording, prefix, notebook).time
    for word, told in (("valid", prefix.valid), ("preferred", prefix.preferred)):
        has = event.fields[f"{word}_life_time"]
        notebook.expect(told - passed - SECONDS <= has <= told + ROUNDED_UP,
                        f"the guest's {event.fields['local']} is {word} for {has} s, and {told} s were advertised",
                        event)


@check("SLAAC-08", AdvertisedPrefixes(), role="guest")
def test_ignores_a_prefix_that_contradicts_itself(recording: Recording, notebook: Notebook) -> None:
    """A Prefix Information option with Preferred Lifetime above Valid Lifetime is ignored (RFC 4862 section 5.5.3 c).

    The other options of the same RA are not.
    """
    notebook.cite(_first_advertisement(recording, CONTRADICTORY, notebook))
    notebook.cite(first_usable(recording, STEADY.network, notebook))
    wrong = formed_address_events(recording, CONTRADICTORY.network)
    notebook.expect(not wrong,
                    f"the guest formed an address from {CONTRADICTORY.network}, preferred for longer than valid",
                    *wrong)


#: Prefixes whose length and that of an interface identifier do not make 128 bits, by part.
ODD = {"longer": NARROW, "shorter": WIDE}


@check("SLAAC-09", AdvertisedPrefixes(), role="guest", parts=ODD)
def test_forms_no_address_from_a_prefix_of_the_wrong_length(
    recording: Recording, notebook: Notebook, part: str
) -> None:
    """A prefix whose length and that of an interface identifier do not make 128 bits gives no address.

    RFC 4862 section 5.5.3 d.
    """
    prefix = ODD[part]
    notebook.cite(first_usable(recording, STEADY.network, notebook), *_all_advertised(recording, prefix, notebook))
    wrong = formed_address_events(recording, prefix.network)
    notebook.expect(not wrong, f"the guest formed an address from {prefix.network}", *wrong[:1])


@check("SLAAC-09", AdvertisedPrefixes(), role="guest", parts=[f"{part}-on-link" for part in ODD])
def test_prefix_of_the_wrong_length_is_on_link(recording: Recording, notebook: Notebook, part: str) -> None:
    """With L=1 such a prefix is on-link all the same (RFC 4862 section 5.5.3 d): who is inside it is solicited."""
    destination = absent(ODD[part.removesuffix("-on-link")])
    tried = looked_for(recording, notebook, destination)
    found = on_link(recording, destination)
    notebook.expect(found, f"the guest did not solicit {destination}, though its prefix is on-link", tried, *found[:1])


@check("SLAAC-17", AdvertisedPrefixes(), role="guest")
def test_ignores_the_link_local_prefix(recording: Recording, notebook: Notebook) -> None:
    """A Prefix Information option for the link-local prefix is silently ignored (RFC 4862 section 5.5.3 b).

    The guest's link-local address stays the only one, for ever.
    """
    notebook.cite(first_usable(recording, STEADY.network, notebook))
    seen = formed_address_events(recording, LINK_LOCAL.network)
    notebook.stimulus(seen, "the guest had no link-local address")
    others = [event for event in seen if event.fields["local"] != seen[0].fields["local"]]
    notebook.expect(not others, "the guest formed a second link-local address", *others)
    expired = shot(recording, "expired", notebook)
    for row in rows(expired, LINK_LOCAL.network):
        ends = row["valid_life_time"] != FOR_EVER or row["preferred_life_time"] != FOR_EVER
        notebook.expect(not ends, f"the guest gave {row['local']} the advertised lifetimes", seen[-1], expired)
    notebook.expect(rows(expired, LINK_LOCAL.network), "the guest removed its link-local address", seen[-1], expired)


@check("SLAAC-14", AdvertisedPrefixes(), role="guest")
def test_prefixes_do_not_disturb_each_other(recording: Recording, notebook: Notebook) -> None:
    """Each prefix of an RA gives an address of its own, and withdrawing one leaves the others (RFC 4862 section 5.5.3).

    The withdrawn one is deprecated, and the long one is not.
    """
    before, after = shot(recording, "configured", notebook), shot(recording, "withdrawn", notebook)
    for prefix in (STEADY, LONG, FLEETING):
        notebook.expect(rows(before, prefix.network), f"the guest has no address in {prefix.network}", before)
        notebook.expect(rows(after, prefix.network), f"the guest removed the address in {prefix.network}", after)
    for row in rows(after, STEADY.network):
        ended = row["preferred_life_time"] <= ROUNDED_UP
        notebook.expect(ended, f"the guest's {row['local']} is preferred, though withdrawn", after)
    passed = after.time - _first_advertisement(recording, FLEETING, notebook).time
    for prefix in (LONG, FLEETING) if passed < FLEETING.preferred - SECONDS else (LONG,):
        for row in rows(after, prefix.network):
            kept = row["preferred_life_time"] > 0
            notebook.expect(kept, f"the guest's {row['local']} is deprecated, and was not withdrawn", after)


@edited(test_forms_addresses_with_the_advertised_lifetimes, because="formed no address from 2001:db8:a2::/64")
def guest_that_takes_one_prefix_only(recording: Recording) -> Recording:
    """It overlooks the second prefix."""
    return editing.without(recording, events=formed_address_events(recording, LONG.network))


@edited(test_forms_addresses_with_the_advertised_lifetimes, because="s were advertised")
def guest_with_lifetimes_of_its_own(recording: Recording) -> Recording:
    """A day, whatever the router says."""
    return editing.rewritten_events(recording, formed_address_events(recording, STEADY.network), valid_life_time=86400)


@edited(test_forms_addresses_with_the_advertised_lifetimes, because="which has A=0")
def guest_that_overlooks_the_flag(recording: Recording) -> Recording:
    """It forms an address where none is to be formed."""
    return _also_in(recording, OFF_LINK)


@played(test_forms_addresses_with_the_advertised_lifetimes, because="formed no address")
def guest_without_autoconfiguration() -> Broken:
    """Its kernel does not autoconfigure."""
    return Broken(AdvertisedPrefixes(), {"guest": KernelGuest("linux:autoconf=0", {"autoconf": 0})})


@edited(test_ignores_a_prefix_that_contradicts_itself, because="preferred for longer than valid")
def guest_that_does_not_compare_lifetimes(recording: Recording) -> Recording:
    """It forms an address all the same."""
    return _also_in(recording, CONTRADICTORY)


@edited(test_forms_no_address_from_a_prefix_of_the_wrong_length, because="formed an address")
def guest_with_identifiers_of_any_length(recording: Recording, part: str) -> Recording:
    """It cuts its interface identifier to what is left, or fills up."""
    return _also_in(recording, ODD[part])


@edited(test_prefix_of_the_wrong_length_is_on_link, because="did not solicit")
def guest_that_drops_the_whole_option(recording: Recording, part: str) -> Recording:
    """It asks nobody on its link."""
    return editing.without(recording, frames=on_link(recording, absent(ODD[part.removesuffix("-on-link")])))


@edited(test_ignores_the_link_local_prefix, because="a second link-local address")
def guest_that_autoconfigures_link_local(recording: Recording) -> Recording:
    """It forms another one."""
    return _also_in(recording, LINK_LOCAL)


@edited(test_ignores_the_link_local_prefix, because="the advertised lifetimes")
def guest_whose_link_local_address_ends(recording: Recording) -> Recording:
    """It applies the lifetimes to the address it has."""
    return with_rows(recording, "expired", LINK_LOCAL.network, lambda row: {**row, "preferred_life_time": 0})


@edited(test_prefixes_do_not_disturb_each_other, because="and was not withdrawn")
def guest_that_gives_up_all(recording: Recording) -> Recording:
    """One prefix is withdrawn, and it deprecates them all."""
    return with_rows(recording, "withdrawn", LONG.network, lambda row: {**row, "preferred_life_time": 0})


@edited(test_prefixes_do_not_disturb_each_other, because="though withdrawn")
def guest_that_keeps_what_is_withdrawn(recording: Recording) -> Recording:
    """It goes on preferring it."""
    return with_rows(recording, "withdrawn", STEADY.network, lambda row: {**row, "preferred_life_time": 500})


def _also_in(recording: Recording, prefix: Prefix) -> Recording:
    """The guest also has an address of that prefix."""
    event = formed_address_events(recording, STEADY.network)[0]
    also = {**event.fields, "local": str(prefix.network.network_address + 1)}
    return editing.with_event(recording, KernelEvent(event.ns, event.after_ns, "guest", "address", "new", also))
