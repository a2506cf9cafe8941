"""oVirt: a static configuration's length and gateway, and a storage's address, down to what the host does with them."""

from __future__ import annotations

from typing import Any

from conformance.broken import ovirt as broken
from conformance.clouds.ovirt.forms import STORED, Exchange, exchanges
from conformance.clouds.ovirt.reading import claims, expect_right, state_at, to_storage
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import rewritten, rewritten_events, without
from fixtures.recording.model import KernelEvent, Mark, Recording, Snapshot
from fixtures.recording.views import dns
from fixtures.recording.views.transport import Echo, echoes
from fixtures.scenarios.clouds.ovirt.forms import GATEWAYS, NIC, STORAGES, STRANGE_GATEWAY, Gateway, OvirtForms
from fixtures.scenarios.clouds.ovirt.reach import STORAGE_NAME
from topologies.ovirt import BRIDGE, PORT, STORAGE
from topologies.stage import addressing as plan

LENGTHS = {str(length): length for length in range(129)}
MASKS4 = {"255.255.255.0": 24}


@check("MGMT-05", OvirtForms(), role="management", cloud="ovirt")
def test_ovirt_mask_is_a_prefix_length(recording: Recording, notebook: Notebook) -> None:
    """In IPv6 the subnet mask is a number from 0 to 128, 64 being suggested; in IPv4 it is dotted decimal.

    The host's address gets just that prefix length; everything else is refused, and the host gets nothing.
    """
    pages = exchanges(recording, "user")
    empty = [each for each in pages if each.path == "/form" and each.status == STORED]
    for each in notebook.stimulus(empty, "the empty form was not read"):
        notebook.expect(each.answer["mask"] == "64", f"the form suggests {each.answer['mask']!r}, not '64'", each.tells)
    tried = [each for each in pages if each.path == "/network" and each.form["nic"] == NIC]
    for family, legal in (("6", LENGTHS), ("4", MASKS4)):
        ours = [each for each in tried if each.form.get("family", "6") == family]
        ours = [each for each in ours if family == "4" or each.form["address"].startswith("2001:db8:51:b:")]
        for each in notebook.stimulus(ours, f"no mask was submitted in IPv{family}"):
            mask = each.form["mask"]
            _expect_mask(notebook, each, mask in legal, f"IPv{family}, subnet mask: {mask!r}")
            if mask in legal:
                _expect_length(recording, notebook, each, legal[mask])
    wrong = [each for each in _addresses(recording) if each.fields["local"] == "2001:db8:51:b::dead"]
    notebook.expect(not wrong, "the engine refused a form, yet the host has its address", *wrong)
    notebook.finding = "0 to 128 only, as configured; 64 is suggested; dotted decimal in IPv4"


def _expect_mask(notebook: Notebook, each: Exchange, legal: bool, what: str) -> None:
    took = each.status == STORED
    notebook.expect(took if legal else each.refused, f"{what} was {'stored' if took else 'not taken'}", each.tells)


def _expect_length(recording: Recording, notebook: Notebook, each: Exchange, length: int) -> None:
    address = each.form["address"]
    given = [event for event in _addresses(recording) if event.fields["local"] == address]
    notebook.expect(given, f"host1 never got {address}")
    wide = given[0].fields["prefixlen"]
    notebook.expect(wide == length, f"with {each.form['mask']!r}, {address} got the prefix length {wide}", given[0])
    probes = [claim for target, claim in claims(recording).items() if str(target) == address]
    if ":" in address:
        notebook.expect(probes, f"host1 never claimed {address} on its link", *probes)


def _addresses(recording: Recording) -> list[KernelEvent]:
    return list(recording.happened("host1", "address", "new", ifname=NIC))


@played(test_ovirt_mask_is_a_prefix_length, because="IPv6, subnet mask: '129' was stored")
def takes_129_for_128() -> Broken:
    return Broken(OvirtForms(engine=broken.CLAMPS_LENGTHS))


@played(test_ovirt_mask_is_a_prefix_length, because="with '127', 2001:db8:51:b::127 got the prefix length 64")
def takes_64_for_all() -> Broken:
    return Broken(OvirtForms(engine=broken.ALWAYS_64))


@played(test_ovirt_mask_is_a_prefix_length, because="IPv4, subnet mask: '24' was stored")
def takes_numbers_in_ipv4() -> Broken:
    return Broken(OvirtForms(engine=broken.NUMERIC_MASKS))


@played(test_ovirt_mask_is_a_prefix_length, because="the form suggests '56'")
def suggests_another_length() -> Broken:
    return Broken(OvirtForms(engine=broken.SUGGESTS_56))


@edited(test_ovirt_mask_is_a_prefix_length, because="192.0.2.21 got the prefix length 32")
def mask_forgotten_in_ipv4(recording: Recording) -> Recording:
    """Without its mask an IPv4 address is a host's."""
    return rewritten_events(recording, [each for each in _addresses(recording) if each.fields["family"] == "inet"],
                            prefixlen=32)


@check("MGMT-06", OvirtForms(), role="management", cloud="ovirt")
def test_ovirt_gateway_works(recording: Recording, notebook: Notebook) -> None:
    """A gateway may be one of the network's addresses, or link-local without zone: the host's packets go out by it.

    One that is on no link of the host is refused, and the default route stays (RFC 4861 section 8: link-local ones).
    """
    for mark in notebook.stimulus(recording.marked(Gateway), "no gateway was submitted"):
        kind, gateway = mark.what.kind, mark.what.gateway
        forms = [each for each in exchanges(recording, "user") if each.path == "/network"
                 and each.form.get("gateway") == gateway]
        for each in notebook.stimulus(forms, f"the gateway {gateway} was not submitted"):
            expect_right(notebook, each, True, f"the {kind} gateway {gateway}")
        state = state_at(recording, notebook, f"gateway-{kind}")
        _expect_route(notebook, state, gateway.lower().replace("::000", "::"))
        _expect_passage(recording, notebook, mark)
    strange = [each for each in exchanges(recording, "user") if each.path == "/network"
               and each.form.get("gateway") == STRANGE_GATEWAY]
    for each in notebook.stimulus(strange, "no gateway outside of the network was submitted"):
        notebook.expect(each.refused,
                        f"the engine did not refuse {STRANGE_GATEWAY}, which is not on the network", each.tells)
    _expect_route(notebook, state_at(recording, notebook, "gateway-refused"), GATEWAYS["link-local"].lower())
    notebook.finding = "packets went out by the global and by the link-local gateway; one outside was refused"


def _expect_route(notebook: Notebook, shot: Snapshot, gateway: str) -> None:
    routes = [(row.get("gateway"), row["dev"]) for row in shot.tables["route"]
              if row["dst"] == "default" and ":" in str(row.get("gateway", ""))]
    told = ", ".join(f"{via} dev {dev}" for via, dev in routes) or "nothing"
    notebook.expect(routes == [(gateway, BRIDGE)], f"the default route of host1 is {told}, not {gateway}", shot)


def _expect_passage(recording: Recording, notebook: Notebook, mark: Mark) -> None:
    """Expect that the first Echo Request after the mark goes to the router, and that its reply comes."""
    kind, router = mark.what.kind, recording.mac("router", "mgmt0")
    seen = [each for each in echoes(recording.at("host1", PORT)) if each.frame.ns > mark.ns
            and plan.OUTSIDE in (each.source, each.destination)]
    asked = [each for each in seen if not each.reply]
    notebook.expect(asked, f"host1 sent nothing outside with the {kind} gateway")
    first = asked[0]
    notebook.expect(first.mac_destination == router,
                    f"host1 sent the packet to {first.mac_destination}, not to {router}, with the {kind} gateway",
                    first)
    answered = [each for each in seen if each.reply and each.identifier == first.identifier]
    notebook.expect(answered, f"host1 got no answer from outside with the {kind} gateway", *answered[:1])


@played(test_ovirt_gateway_works, because="the default route of host1 is nothing")
def forgets_the_gateway() -> Broken:
    return Broken(OvirtForms(engine=broken.FORGETS_GATEWAY))


@played(test_ovirt_gateway_works, because="the link-local gateway")
def wants_gateways_in_the_prefix() -> Broken:
    return Broken(OvirtForms(engine=broken.GLOBAL_GATEWAYS))


@played(test_ovirt_gateway_works, because="did not refuse 2001:db8:c5::1")
def takes_any_gateway() -> Broken:
    return Broken(OvirtForms(engine=broken.ANY_GATEWAY))


@edited(test_ovirt_gateway_works, because="no answer from outside with the link-local gateway")
def link_local_gateway_leads_nowhere(recording: Recording) -> Recording:
    mark = recording.marked(Gateway)[-1]
    replies: list[Echo] = [each for each in echoes(recording.frames, reply=True) if each.frame.ns > mark.ns]
    return without(recording, frames=replies)


@check("MGMT-07", OvirtForms(), role="management", cloud="ovirt")
def test_ovirt_storage_over_ipv6(recording: Recording, notebook: Notebook) -> None:
    """A storage is reached over IPv6, by its address in brackets and by a name that has an AAAA record only.

    An address without brackets is refused, since the colon before the path is the address's too.
    """
    forms = {each.form["address"]: each for each in exchanges(recording, "user") if each.path == "/storage"}
    notebook.stimulus(forms, "no storage was submitted")
    requests = to_storage(recording)
    for text in STORAGES:
        each = notebook.stimulus([forms[text]] if text in forms else [], f"{text} was not submitted")[0]
        reason = each.answer.get("reason", "")
        notebook.expect(each.status == STORED, f"host1 did not add the storage {text}: {reason}", each.tells)
        path = text.partition(":/")[2]
        mine = [one for one in requests if f" /{path} ".encode() in one.payload]
        notebook.expect(mine, f"host1 never asked {STORAGE} for /{path} of the storage {text}", *mine)
    asked = [each for each in dns.messages(recording.at("host1", PORT)) if each.asks("AAAA", STORAGE_NAME)]
    notebook.expect(asked, f"host1 never asked for the AAAA record of {STORAGE_NAME}", *asked)
    bare = [each for text, each in forms.items() if text.count(":") > 1 and not text.startswith("[")
            and text not in STORAGES]
    for each in notebook.stimulus(bare, "no address without brackets was submitted"):
        notebook.expect(each.refused,
                        f"the engine accepted the storage {each.form['address']} without brackets", each.tells)
    asked_for = len(requests)
    notebook.expect(asked_for == len(STORAGES), f"host1 asked {asked_for} times, not {len(STORAGES)}", *requests)
    notebook.finding = f"{len(STORAGES)} storages reached at {STORAGE}: by address and by name"


@played(test_ovirt_storage_over_ipv6, because="did not add the storage [2001:db8:51::20]:/export/1")
def splits_storages_at_the_colon() -> Broken:
    return Broken(OvirtForms(engine=broken.COLONLESS_STORAGE))


@played(test_ovirt_storage_over_ipv6, because="host1 never asked 2001:db8:51::20 for /export/1")
def adds_storages_unseen() -> Broken:
    return Broken(OvirtForms(engine=broken.STORES_UNSEEN))


@edited(test_ovirt_storage_over_ipv6, because="never asked for the AAAA record")
def name_is_known_otherwise(recording: Recording) -> Recording:
    """A host that looks up A records only."""

    def turn(packet: Any) -> None:
        packet["DNS"].qd[0].qtype = 1

    asked = [each for each in dns.messages(recording.at("host1")) if each.asks("AAAA", STORAGE_NAME)]
    return rewritten(recording, asked, turn)
