"""oVirt: what the engine's fields take and refuse, how they show it, and what the host makes of it."""

from __future__ import annotations

from ipaddress import IPv6Address

from conformance.broken import ovirt as broken
from conformance.clouds.ovirt.forms import STORED, Exchange, exchanges
from conformance.clouds.ovirt.reading import (
    claims,
    configurations,
    expect_right,
    interfaces,
    outcome_of,
    state_at,
    stored_on_nic,
    to_host,
    to_storage,
)
from conformance.clouds.reading.spellings import canonical, meaning
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import without
from fixtures.recording.model import Recording
from fixtures.scenarios.clouds.ovirt.forms import NIC, STRANGE_GATEWAY, OvirtForms


@check("LL-06", OvirtForms(), role="management", cloud="ovirt")
def test_ovirt_fields_know_an_address(recording: Recording, notebook: Notebook) -> None:
    """A field takes every legal spelling of an address and no other text (RFC 4291 section 2.2), as inet_pton(3) does.

    What was taken is what was meant: the host asks its link for duplicates of just these addresses.
    """
    ours, claimed = configurations(recording, notebook), claims(recording)
    hosts = [each for each in exchanges(recording, "user") if each.path == "/host" and ":" in each.form["address"]]
    for each in (*hosts, *ours):
        text = each.form["address"]
        expect_right(notebook, each, meaning(text) is not None, f"{text!r}")
    for each in ours:
        address = meaning(each.form["address"])
        if address is not None:
            seen = [claimed[address]] if address in claimed else []
            notebook.expect(seen, f"{each.form['address']!r} was stored, but host1 never claimed {address}", *seen)
    meant = {meaning(each.form["address"]) for each in stored_on_nic(recording)}
    for address, claim in claimed.items():
        notebook.expect(address in meant, f"host1 claimed {address}, which no form had submitted", claim)
    texts = {each.form["address"] for each in (*hosts, *ours)}
    legal = sum(meaning(text) is not None for text in texts)
    notebook.finding = f"{legal} legal spellings taken, {len(texts) - legal} illegal ones refused"


@played(test_ovirt_fields_know_an_address, because="'2001:db8:52::1 ' is no address, but was stored")
def trims_blanks() -> Broken:
    return Broken(OvirtForms(engine=broken.TRIMS_ADDRESSES))


@played(test_ovirt_fields_know_an_address, because="'2001:DB8:51:A::2' is an address, but was refused")
def knows_lower_case_only() -> Broken:
    return Broken(OvirtForms(engine=broken.LOWER_CASE_ONLY))


@edited(test_ovirt_fields_know_an_address, because="'2001:db8:51:a::192.0.2.33' was stored, but host1 never claimed")
def embedded_ipv4_is_lost(recording: Recording) -> Recording:
    """The host got another address than the one that was written."""
    return without(recording, frames=[claims(recording)[IPv6Address("2001:db8:51:a::c000:221")]])


@check("LL-05", OvirtForms(), role="management", cloud="ovirt")
def test_ovirt_shows_canonical_addresses(recording: Recording, notebook: Notebook) -> None:
    """Forms and the table of interfaces show addresses as RFC 5952 sections 4 and 5 want them written.

    However they were typed; compared byte by byte with this suite's own writing of the same address.
    """
    shown = 0
    for each in exchanges(recording, "user"):
        if each.status != STORED:
            continue
        for key in ("address", "gateway"):
            address = meaning(each.form.get(key, "")) if each.form else None
            if address is not None:
                wanted, got = canonical(address), each.answer[key]
                notebook.expect(got == wanted,
                                f"the form shows {each.form[key]!r} as {got!r}, not {wanted!r}", each.tells)
                shown += 1
    table = interfaces(recording, notebook)
    for cell in (cell for cells in table.answer.values() for cell in cells):
        text, _, length = cell.partition("/")
        address = meaning(text)
        wanted = f"{canonical(address)}/{length}" if address else "an address"
        notebook.expect(cell == wanted, f"the table of interfaces shows {cell!r}, not {wanted!r}", table.tells)
    notebook.stimulus(range(shown), "no address was shown")
    cells = sum(map(len, table.answer.values()))
    notebook.finding = f"{shown} addresses in forms and {cells} in the table, all canonical"


@played(test_ovirt_shows_canonical_addresses, because="0011', not '2001:db8:51::11'")
def shows_addresses_in_full() -> Broken:
    return Broken(OvirtForms(engine=broken.EXPLODED))


@played(test_ovirt_shows_canonical_addresses, because="the table of interfaces shows '2001:DB8")
def shows_the_table_in_upper_case() -> Broken:
    return Broken(OvirtForms(engine=broken.SHOUTING_TABLE))


@check("MGMT-04", OvirtForms(), role="management", cloud="ovirt")
def test_ovirt_every_field_takes_ipv6(recording: Recording, notebook: Notebook) -> None:
    """Host, IP, gateway and storage may be IPv6 addresses: each is stored, shown again and used; others are refused.

    The engine connects to the host, the host claims the address, has the gateway and connects to the storage; and the
    table of interfaces lists what the host has. Nothing of that happens for a text that is refused.
    """
    pages = exchanges(recording, "user")
    by_gateway = [each for each in pages if each.path == "/network" and each.form.get("gateway")]
    hosts, storages = ([each for each in pages if each.path == path] for path in ("/host", "/storage"))
    for field, forms, key in (("host address", hosts, "address"), ("gateway", by_gateway, "gateway"),
                              ("IP", configurations(recording, notebook), "address"),
                              ("storage address", storages, "address")):
        notebook.stimulus(forms, f"nothing was submitted as {field}")
        for each in forms:
            expect_field(notebook, field, each, each.form[key])
    for who, forms, used in (("the engine connected to the host", hosts, to_host(recording)),
                             ("host1 connected to the storage", storages, to_storage(recording))):
        stored = [each for each in forms if each.status == STORED]
        notebook.expect(len(used) == len(stored), f"{len(stored)} were stored, and {who} {len(used)} times", *used)
    claimed = claims(recording)
    for each in stored_on_nic(recording):
        address = IPv6Address(each.answer["address"])
        notebook.expect(address in claimed, f"host1 never claimed {address}", *filter(None, [claimed.get(address)]))
    _table(recording, notebook)
    notebook.finding = "host, IP, gateway, storage, table: IPv6 addresses stored, shown and used, other texts refused"


def _table(recording: Recording, notebook: Notebook) -> None:
    table, shot = interfaces(recording, notebook), state_at(recording, notebook, "configured")
    held = {f"{row['local']}/{row['prefixlen']}" for row in shot.tables["address"]
            if (row["family"], row["ifname"], row["scope"]) == ("inet6", NIC, "global")}
    listed = set(table.answer.get(NIC, ()))
    differ = ", ".join(sorted(held ^ {cell.lower() for cell in listed}))
    notebook.expect(not differ, f"the table of interfaces and {NIC} of host1 differ in {differ}", table.tells, shot)


@played(test_ovirt_every_field_takes_ipv6, because="host address: '2001:db8:51::11' was refused")
def hosts_without_colons() -> Broken:
    return Broken(OvirtForms(engine=broken.COLONLESS_HOSTS))


@played(test_ovirt_every_field_takes_ipv6, because="the table of interfaces and eth1 of host1 differ in")
def table_with_one_address() -> Broken:
    return Broken(OvirtForms(engine=broken.FORGETFUL_TABLE))


@played(test_ovirt_every_field_takes_ipv6, because="host1 connected to the storage 0 times")
def storage_that_nobody_reached() -> Broken:
    return Broken(OvirtForms(engine=broken.STORES_UNSEEN))


def expect_field(notebook: Notebook, field: str, each: Exchange, text: str) -> None:
    """Expect the same of a field that may hold a name, and a path behind it; what is stored shows the same address."""
    address = meaning(_place(text))
    if each.status != STORED:
        legal = address is not None and (field != "storage address" or text.startswith("["))
        usable = legal and text != STRANGE_GATEWAY
        notebook.expect(each.refused and not usable, f"{field}: {text!r} {outcome_of(each)}", each.tells)
        return
    key = "gateway" if field == "gateway" else "address"
    again = _place(each.answer[key])
    notebook.expect(meaning(again) == address and (address is not None or again == _place(text)),
                    f"{field}: {text!r} is shown as {each.answer[key]!r}", each.tells)


def _place(text: str) -> str:
    """The host of HOST, HOST:/path or [HOST]:/path."""
    return text[1:].partition("]")[0] if text.startswith("[") and "]:/" in text else text.partition(":/")[0]
