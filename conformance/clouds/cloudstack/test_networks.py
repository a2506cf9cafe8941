"""CloudStack: what its management server takes and refuses, and what it lists as in use."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Network
from itertools import pairwise

from conformance.clouds.reading.records import expect_agreement
from conformance.clouds.reading.spellings import meaning
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudAccepted, CloudAsked, CloudRecord, CloudRefused
from fixtures.clouds.cloudstack.control import Habits
from fixtures.protocols.addresses import LINK_LOCAL
from fixtures.recording import editing
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views.ndp import router_advertisements
from fixtures.recording.views.transport import echoes
from fixtures.scenarios.clouds.cloudstack.vm import ADDRESS, WANTED, CloudstackVm
from fixtures.stagecraft.marks import Attempt, PowerOn
from fixtures.stagecraft.watching import address_ready
from topologies.stage import addressing as plan

VM = CloudstackVm()


def questions(recording: Recording, what: str) -> list[tuple[str, Mark, Mark | None]]:
    """What was given with each question of that kind, the question, and its refusal where it was refused."""
    key = {"create-network": "prefix", "deploy-vm": "address"}[what]
    found = []
    said = [mark for mark in recording.marks if mark.is_a(CloudAsked, CloudRefused, CloudAccepted)]
    for mark, answer in pairwise(said):
        if mark.is_a(CloudAsked) and mark.what.what == what and key in mark.what.given:
            found.append((mark.what.given[key], mark, answer if answer.is_a(CloudRefused) else None))
    return found


def networks_of(recording: Recording, name: str, node: str, notebook: Notebook) -> set[IPv6Network]:
    """The prefixes in which a router's kernel has an address, without link-local; its snapshot is cited."""
    shot = recording.snapshot(name, node)
    shots = notebook.stimulus([shot] if shot is not None else [], f"{node}'s state was not recorded ({name})")
    notebook.cite(*shots)
    rows = [row for row in shots[0].tables["address"] if row["family"] == "inet6" and row["ifname"] != "lo"]
    found = {IPv6Network(f"{row['local']}/{row['prefixlen']}", strict=False) for row in rows}
    return {network for network in found if not network.subnet_of(LINK_LOCAL)}


@check("MGMT-14", VM, role="management", cloud="cloudstack")
def test_cloudstack_takes_a_64_only(recording: Recording, notebook: Notebook) -> None:
    """A shared IPv6 network has a /64; another length, or a prefix that is taken, is refused (CloudStack, Guidelines).

    What is refused is not programmed; what is accepted is advertised, and both routers have addresses in it.
    """
    asked = notebook.stimulus(questions(recording, "create-network"), "no network was submitted")
    accepted: list[IPv6Network] = []
    for given, question, refusal in asked:
        prefix = IPv6Network(given)
        if prefix.prefixlen == 64 and prefix not in accepted:
            notebook.expect(refusal is None,
                            f"the platform refused the network {prefix}", question, *([refusal] if refusal else []))
            accepted.append(prefix)
            continue
        notebook.expect(refusal is not None, f"the platform accepted the network {prefix}", question)
        assert refusal is not None
        overlaps = refusal.what.taken is not None
        notebook.expect(overlaps == (prefix.prefixlen == 64),
                        f"the platform refused {prefix} for another reason: {refusal.what.reason}", refusal)
    for node in ("rack", "vr"):
        before = networks_of(recording, "before-networks", node, notebook)
        refused = networks_of(recording, "after-refusals", node, notebook) - before
        notebook.expect(not refused, f"{node} has an address in {', '.join(map(str, refused))}, which was refused")
        after = networks_of(recording, "booted", node, notebook) - before
        notebook.expect(after == set(accepted), f"{node} has addresses in {after}, not in {accepted}")
    heard = router_advertisements(recording.at("guest", outgoing=False))
    told = notebook.stimulus([ra for ra in heard if ra.prefixes], "no RA with a prefix reached the VM")
    for ra in told:
        wrong = [prefix.network for prefix in ra.prefixes if prefix.network not in accepted]
        notebook.expect(not wrong, f"the router advertises {wrong}, which is no network", ra)
    notebook.finding = f"{len(asked) - len(accepted)} refused with the reason, {accepted[0]} in use"


@played(test_cloudstack_takes_a_64_only, because="accepted the network")
def management_server_without_a_rule_for_lengths() -> Broken:
    """It takes the /48, the /80 and all the others, and programs them."""
    return Broken(CloudstackVm(habits=Habits(any_length=True)))


@edited(test_cloudstack_takes_a_64_only, because="which was refused")
def refused_network_that_is_programmed(recording: Recording) -> Recording:
    """The agent is quicker than the refusal."""
    row = {"family": "inet6", "ifname": "lan0", "local": "2001:db8:c5:1::1", "prefixlen": 80, "flags": []}
    return replace(recording, snapshots=tuple(
        replace(shot, tables={**shot.tables, "address": [*shot.tables["address"], row]})
        if (shot.name, shot.node) == ("after-refusals", "rack") else shot for shot in recording.snapshots))


@check("LL-06", VM, role="management", cloud="cloudstack", needs=("dhcpv6",))
def test_cloudstack_reads_addresses(recording: Recording, notebook: Notebook) -> None:
    """A field for an address takes all legal spellings, and refuses the others (RFC 4291 section 2.2).

    inet_pton(3) says which are which. Other spellings of an address that a VM has mean that address, and are refused
    as taken; the VM itself was deployed with a spelling in full, and has the address.
    """
    typed = [each for each in questions(recording, "deploy-vm") if each[0] != WANTED]
    asked = notebook.stimulus(typed, "no address was submitted")
    legal = 0
    for text, question, refusal in asked:
        reason = refusal.what.reason if refusal is not None else "accepted"
        taken = refusal.what.taken if refusal is not None else None
        seen = [question] + ([refusal] if refusal is not None else [])
        if meaning(text) is None:
            notebook.expect(refusal is not None, f"the platform accepted {text!r}, which is no address", *seen)
            notebook.expect(taken is None, f"the platform refused the address {text!r}: {reason}", *seen)
        else:
            legal += 1
            notebook.expect(taken == str(meaning(text)),
                            f"the platform answered {text!r}, which means {meaning(text)} and is in use, with: "
                            f"{reason}", *seen)
    ready = [event for event in recording.kernel("guest") if address_ready("guest", address=ADDRESS)(event)]
    notebook.stimulus(ready, f"the VM never had {ADDRESS}")
    notebook.cite(ready[0])
    used = [each for each in echoes(recording.at("guest", outgoing=True), reply=False) if each.source == ADDRESS]
    notebook.cite(*notebook.stimulus(used, f"the VM never sent from {ADDRESS}")[:1])
    notebook.finding = f"{legal} spellings of {ADDRESS} mean it, {len(asked) - legal} texts are refused"


@played(test_cloudstack_reads_addresses, because="which is no address")
def field_that_makes_an_address_of_anything() -> Broken:
    """It drops what is no hexadecimal digit, as from the sample that the document prints."""
    return Broken(CloudstackVm(habits=Habits(any_spelling=True)))


@edited(test_cloudstack_reads_addresses, because="and is in use, with")
def field_that_wants_lower_case(recording: Recording) -> Recording:
    """It refuses a legal spelling as illegal."""
    _, _, refusal = next(each for each in questions(recording, "deploy-vm") if each[0] == "2001:DB8:1::10")
    assert refusal is not None
    other = replace(refusal, fields={**refusal.fields, "taken": None,
                                       "reason": "'2001:DB8:1::10' is no IPv6 address"})
    return replace(recording, marks=tuple(other if mark is refusal else mark for mark in recording.marks))


@check("MGMT-11", VM, role="management", cloud="cloudstack", needs=("dhcpv6",))
def test_cloudstack_record_is_what_the_vm_has(recording: Recording, notebook: Notebook) -> None:
    """After boot, and after stop and start, the platform lists the address that the VM has and speaks from (MGMT-11).

    The document says that the address is lost with a stop, and that the same procedure gets it again.
    """
    lists = notebook.stimulus(recording.marked(CloudRecord), "the platform never listed its addresses")
    for name, listed in zip(("booted", "restarted"), lists, strict=False):
        shot = recording.snapshot(name, "guest")
        shots = notebook.stimulus([shot] if shot is not None else [], f"the VM's state was not recorded ({name})")
        tried = [mark for mark in recording.marked(Attempt) if mark.what.what == f"ping-{name}"]
        begin = notebook.stimulus(tried, f"the VM did not try to send ({name})")[0]
        life = replace(recording, frames=tuple(frame for frame in recording.frames
                                               if begin.ns <= frame.ns < listed.ns))
        expect_agreement(life, notebook, listed, shots[0], "guest", plan.LAN)
    notebook.stimulus(lists[1:], "the VM was not stopped and started")
    notebook.finding = "the record, the VM and its packets name the same address, twice"


@played(test_cloudstack_record_is_what_the_vm_has, because="the platform lists")
def virtual_router_that_is_told_another_address() -> Broken:
    """The management server keeps one address and tells the next one to the virtual router."""
    return Broken(CloudstackVm(habits=Habits(misinforms=True)))


@edited(test_cloudstack_record_is_what_the_vm_has, because="never sent from")
def silent_after_the_restart(recording: Recording) -> Recording:
    """The VM has the address that is listed, and sends nothing from it."""
    begin = recording.marked(PowerOn)[0]
    return editing.without(recording, frames=lambda frame: frame.node == "guest" and frame.ns > begin.ns)
