"""Clearwater: nodes with an address in their local_config, one family at a time, found by name."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address, ip_address
from typing import Any

from conformance.clouds.clearwater.sip import SipMessage, expect_call, expect_refused, messages
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.clearwater.control import HTTP, Habits
from fixtures.clouds.clearwater.node import CallBegun, Fetch, Fetched, Knock
from fixtures.protocols.ports import SIP_PORT
from fixtures.recording.editing import rewritten, with_bytes, without
from fixtures.recording.model import Mark, Recording, Snapshot
from fixtures.recording.views import dns
from fixtures.recording.views.headers import headers
from fixtures.recording.views.transport import TcpSegment, tcp_segments
from fixtures.scenarios.clouds.clearwater.nodes import BESIDE, DOMAIN, INSTEAD, LINK_LOCAL, SRV, ClearwaterNodes
from topologies.clearwater import BONO, HOSTS, OPERATOR, SPROUT

IPV6, IPV4 = ClearwaterNodes(family=6), ClearwaterNodes(family=4)
NODES = (BONO, SPROUT)
#: As SIPp writes the core's address in a request, and as long.
WRITTEN, UNBRACKETED = b"[2001:db8:1::51]", b"2001:db8:1:0::51"


def address_at(recording: Recording, node: str) -> str:
    """The node's address of the configured family."""
    return str(HOSTS[node][0 if recording.play.options["family"] == 6 else 1])


def serving_kernel(recording: Recording, notebook: Notebook, node: str) -> Snapshot:
    """The node's kernel when its services had started. Raises Unjudgeable."""
    shot = recording.snapshot("serving", node)
    return notebook.stimulus([] if shot is None else [shot], f"{node}'s state was not recorded")[0]


def calls(recording: Recording, notebook: Notebook, *nodes: str) -> list[Mark]:
    """The calls of these nodes. Raises Unjudgeable."""
    return notebook.stimulus([mark for mark in recording.marked(CallBegun) if mark.what.caller in nodes],
                             "no caller called a node")


@check("DUAL-04", IPV6, IPV4, role="management", cloud="clearwater")
def test_clearwater_serves_one_family(recording: Recording, notebook: Notebook) -> None:
    """A node serves SIP on the configured family, and refuses the other at once: RST, port unreachable (Clearwater).

    It has addresses of both, so that its configuration alone decides.
    """
    for mark in calls(recording, notebook, OPERATOR):
        expect_call(recording, notebook, mark)
    for mark in notebook.stimulus(recording.marked(Knock), "no caller tried the other family"):
        expect_refused(recording, notebook, mark)
    for node in NODES:
        shot = serving_kernel(recording, notebook, node)
        held = {row["family"] for row in shot.tables["address"] if row["scope"] == "global"}
        notebook.stimulus([held] if held == {"inet", "inet6"} else [], f"{node} does not have both families")
        local = {row["local"] for row in shot.tables["socket"] if row["port"] == SIP_PORT}
        told = ", ".join(sorted(local)) or "nothing"
        notebook.expect(local == {address_at(recording, node)}, f"{node} serves SIP on {told}", shot)
    notebook.finding = (
        f"SIP on {address_at(recording, BONO)} only; the other family is refused at once, by UDP and by TCP")


@played(test_clearwater_serves_one_family, because="192.0.2.11 accepts connections")
def both_families_at_once() -> Broken:
    return Broken(ClearwaterNodes(habits=Habits(serves_both=True)))


@played(test_clearwater_serves_one_family, because="192.0.2.11 neither serves nor refuses")
def drops_the_other_family() -> Broken:
    """A firewall that leaves callers of the other family waiting."""
    return Broken(ClearwaterNodes(habits=Habits(drops_other=True)))


@edited(test_clearwater_serves_one_family, because="did not answer operator's call")
def edge_that_hears_no_tcp(recording: Recording) -> Recording:
    return without(recording, frames=[each for each in tcp_segments(recording.at(OPERATOR, outgoing=False), SIP_PORT)
                                      if str(each.source) == address_at(recording, BONO)])


@check("MGMT-09", IPV6, role="management", cloud="clearwater")
def test_clearwater_nodes_by_literals(recording: Recording, notebook: Notebook) -> None:
    """With IPv6 literals in local_config, nodes start on just these and call each other, by UDP and TCP (Clearwater).

    All that they exchange is IPv6, and in SIP's URIs the literals stand in brackets (RFC 3261 section 25.1).
    """
    for node in NODES:
        shot = serving_kernel(recording, notebook, node)
        local = {row["local"] for row in shot.tables["socket"] if row["port"] == SIP_PORT}
        told = ", ".join(sorted(local)) or "nothing"
        as_told = local == {address_at(recording, node)}
        notebook.expect(as_told, f"{node} listens on {told}, not as its local_config says", shot)
    for mark in calls(recording, notebook, *NODES):
        expect_call(recording, notebook, mark)
    between = [each for each in messages(recording.at(BONO)) if str(each.packet.source) != str(HOSTS[OPERATOR][0])]
    for each in between:
        for text in literals(each):
            notebook.expect(text.startswith("["), f"a URI names {text}, without brackets", each.packet)
    ipv4 = {str(HOSTS[node][1]) for node in NODES}
    for frame in recording.at(BONO):
        found = headers(frame.data)
        if found is not None and {str(found.source), str(found.destination)} == ipv4:
            notebook.expect(False, f"{found.source} sent to {found.destination}: not all calls use IPv6", frame)
    notebook.finding = f"{len(calls(recording, notebook, *NODES))} calls between the nodes, all IPv6, URIs in brackets"


def literals(message: SipMessage) -> list[str]:
    """What stands for the hosts in the request's URI, the Contact and the Via, where that is an address."""
    found = []
    if not message.start.startswith("SIP/2.0"):
        found.append(message.start.split()[1].partition("@")[2])
    found.append(message.fields.get("contact", "").partition("sip:")[2].rpartition("@")[2])
    found.append(message.fields.get("via", "").partition(" ")[2])
    return [text for text in found if text.count(":") > 1]


@played(test_clearwater_nodes_by_literals, because="bono listens on 192.0.2.11")
def takes_what_the_kernel_has() -> Broken:
    """A node that does not look at its local_config."""
    return Broken(ClearwaterNodes(habits=Habits(asks_kernel=True)))


@edited(test_clearwater_nodes_by_literals, because="without brackets")
def uri_without_brackets(recording: Recording) -> Recording:
    asked = [each.packet for each in messages(recording.at(BONO, outgoing=True), "INVITE")]
    return with_bytes(recording, asked, lambda data: data.replace(WRITTEN, UNBRACKETED))


@edited(test_clearwater_nodes_by_literals, because="not all calls use IPv6")
def core_reached_by_ipv4(recording: Recording) -> Recording:
    """A node that speaks to its core over IPv4 as well."""
    def turn(packet: Any) -> None:
        packet["IP"].src, packet["IP"].dst = (str(HOSTS[node][1]) for node in NODES)

    knocks = [frame for frame in recording.at(BONO, outgoing=False) if (found := headers(frame.data)) is not None
              and str(found.destination) == str(HOSTS[BONO][1])]
    return rewritten(recording, knocks[:1], turn)


@check("MGMT-08", IPV6, role="application", cloud="clearwater")
def test_clearwater_urls_with_literals(recording: Recording, notebook: Notebook) -> None:
    """A literal stands in brackets, the port behind it, a zone as %25zone (RFC 3986 section 3.2.2, RFC 6874 section 2).

    Both kinds of URL lead to the page, and the server is told no zone; without brackets, nothing is even tried.
    """
    fetches = notebook.stimulus(recording.marked(Fetch), "no page was asked for")
    told = []
    for mark in fetches:
        url, done = mark.what.url, fetch_end(recording, notebook, mark)
        sent = [each for each in tcp_segments(recording.at(BONO, outgoing=True), HTTP)
                if mark.ns <= each.frame.ns <= done.ns]
        if mark is fetches[-1]:
            tried = [each for each in sent if each.opens]  # the fetch before may still be taking leave
            notebook.expect(not tried, f"the client tried {url}, which is no URL", *tried[:1])
            notebook.expect(done.what.status != 0, f"the client accepted {url}, which is no URL", done)
            continue
        asked = [each for each in sent if each.payload.startswith(b"GET ")]
        notebook.expect(asked, f"the client requested no page for the URL {url}", mark, done)
        answers = [each for each in tcp_segments(recording.at(BONO, outgoing=False), HTTP)
                   if asked[0].frame.ns <= each.frame.ns <= done.ns and b" 200 " in each.payload[:16]]
        notebook.expect(answers, f"the client got no page for {url}", asked[0], *answers)
        host = asked[0].payload.partition(b"\r\nHost: ")[2].partition(b"\r\n")[0].decode("latin-1")
        want = f"[{asked[0].destination}]:{HTTP}"
        notebook.expect("%" not in host, f"the client sent a zone to the server: Host: {host}", asked[0])
        notebook.expect(host == want, f"the client sent Host: {host}, not {want}", asked[0])
        told.append(host)
    hosts = {f"[{HOSTS[SPROUT][0]}]:{HTTP}", f"[{LINK_LOCAL}]:{HTTP}"}
    notebook.expect(set(told) == hosts, f"pages were asked of {', '.join(told)}")
    notebook.finding = f"Host: {' and '.join(told)}; a literal without brackets was refused before anything was sent"


def fetch_end(recording: Recording, notebook: Notebook, begun: Mark) -> Mark:
    """The mark of that fetch's end. Raises Unjudgeable."""
    ends = [mark for mark in recording.marked(Fetched) if mark.ns > begun.ns]
    return notebook.stimulus(ends, "a fetch did not end")[0]


def requests(recording: Recording) -> list[TcpSegment]:
    """The requests for pages."""
    return [each for each in tcp_segments(recording.at(BONO, outgoing=True), HTTP) if each.payload.startswith(b"GET ")]


@played(test_clearwater_urls_with_literals, because="requested no page for the URL")
def configuration_without_brackets() -> Broken:
    """A node that pastes the literal before the port."""
    return Broken(ClearwaterNodes(habits=Habits(bare_urls=True)))


@edited(test_clearwater_urls_with_literals, because="sent a zone to the server")
def zone_in_the_request(recording: Recording) -> Recording:
    def turn(packet: Any) -> None:
        packet["Raw"].load = packet["Raw"].load.replace(b"]:8889", b"%25eth0]:8889")

    return rewritten(recording, requests(recording)[1:], turn)


@edited(test_clearwater_urls_with_literals, because="which is no URL")
def guesses_the_brackets(recording: Recording) -> Recording:
    """A client that says it had the page."""
    last = recording.marked(Fetched)[-1]
    changed = Mark(last.ns, last.name, {**last.fields, "status": 0})
    marks = tuple(changed if mark == last else mark for mark in recording.marks)
    return replace(recording, marks=marks)


@check("DNS-03", IPV6, role="name-server", cloud="clearwater")
def test_clearwater_names_have_aaaa(recording: Recording, notebook: Notebook) -> None:
    """Every name of the deployment answers AAAA, with A beside it or an empty answer in its place, never NXDOMAIN.

    So do the targets that NAPTR and SRV records lead to (RFC 3263 section 4), and all this over IPv6 (Clearwater).
    """
    said = {(question.name, question.type): each for each in dns.messages(recording.at(OPERATOR, outgoing=False))
            for question in each.questions if each.response and isinstance(each.source, IPv6Address)}
    asked = [(question.name, question.type) for each in dns.messages(recording.at(OPERATOR, outgoing=True))
             for question in each.questions if isinstance(each.destination, IPv6Address)]
    for question in notebook.stimulus(asked, "no query reached the name server over IPv6"):
        name, kind = question
        notebook.expect(question in said, f"the name server did not answer {kind} of {name}")
        code = said[question].rcode
        notebook.expect(code == 0,
                        f"the name server answered {kind} of {name} with response code {code}, not NOERROR",
                        said[question])
    services = [answer.data.split()[-1].strip("'") for answer in said[DOMAIN, "NAPTR"].answers]
    notebook.expect(sorted(services) == sorted(SRV), f"NAPTR of {DOMAIN} leads to {', '.join(services) or 'nothing'}")
    targets = []
    for service in services:
        found = [answer.data.split() for answer in said[service, "SRV"].answers]
        ports = [words[2] for words in found]
        notebook.expect(ports == [str(SIP_PORT)], f"SRV of {service} leads to port {', '.join(ports) or 'nothing'}")
        targets += [words[3] for words in found]
    for name in {*targets, BESIDE, INSTEAD}:
        notebook.expect((name, "AAAA") in said, f"no client asked for AAAA of {name}")
        data = [ip_address(answer.data) for answer in said[name, "AAAA"].answers]
        held = HOSTS[BONO if name == BESIDE else SPROUT][0]
        notebook.expect(data == [held], f"{name} has {len(data)} AAAA records, not that of {held}", said[name, "AAAA"])
    counts = {name: len(said[name, "A"].answers) for name in (BESIDE, INSTEAD)}
    notebook.finding = f"NAPTR, SRV and AAAA lead to SIP on IPv6; beside AAAA there are {counts[BESIDE]} and" \
                       f" {counts[INSTEAD]} A records"


@played(test_clearwater_names_have_aaaa, because=f"{INSTEAD} has 0 AAAA records")
def zone_without_aaaa() -> Broken:
    """A zone that nobody has touched for IPv6."""
    return Broken(ClearwaterNodes(zone="without-aaaa"))


@played(test_clearwater_names_have_aaaa, because=f"AAAA of {INSTEAD} with response code 3")
def zone_without_the_node() -> Broken:
    return Broken(ClearwaterNodes(zone="without-node"))


@edited(test_clearwater_names_have_aaaa, because=f"A of {INSTEAD} with response code 3")
def nxdomain_for_the_other_type(recording: Recording) -> Recording:
    """A name server that takes a missing type for a missing name."""
    found = [each for each in dns.messages(recording.at(OPERATOR, outgoing=False)) if each.asks("A", INSTEAD)]

    def turn(packet: Any) -> None:
        packet["DNS"].rcode = 3

    return rewritten(recording, found, turn)


@edited(test_clearwater_names_have_aaaa, because="leads to port nothing")
def service_without_srv(recording: Recording) -> Recording:
    found = [each for each in dns.messages(recording.at(OPERATOR, outgoing=False)) if each.asks("SRV", SRV[1])]

    def turn(packet: Any) -> None:
        packet["DNS"].an, packet["DNS"].ancount = [], 0

    return rewritten(recording, found, turn)
