"""What each field of the views is called in tshark, and what tshark reads of a capture."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

Reader = Callable[[Any], list[Any]]


def flag(value: bool) -> list[str]:
    """A flag as tshark writes it."""
    return ["1" if value else "0"]


def some(value: Any) -> list[Any]:
    """Nothing for None."""
    return [] if value is None else [value]


#: What every view offers.
COMMON: dict[str, Reader] = {
    "ipv6.src": lambda v: [v.source], "ipv6.dst": lambda v: [v.destination], "ipv6.hlim": lambda v: [v.hop_limit],
    "eth.src": lambda v: [v.mac_source], "eth.dst": lambda v: [v.mac_destination],
    "frame.number": lambda v: [v.frame.number],
    "frame.interface_name": lambda v: [f"{v.frame.node}:{v.frame.interface}"],
}
ICMPV6: dict[str, Reader] = {**COMMON, "icmpv6.checksum.status": lambda v: flag(v.checksum_ok)}
ND: dict[str, Reader] = {**ICMPV6, "icmpv6.code": lambda v: [v.code], "icmpv6.opt.type": lambda v: v.options,
                         "icmpv6.opt.src_linkaddr": lambda v: some(v.sllao),
                         "icmpv6.opt.target_linkaddr": lambda v: some(v.tllao)}
RA: dict[str, Reader] = {
    **ND,
    "icmpv6.nd.ra.cur_hop_limit": lambda v: [v.cur_hop_limit], "icmpv6.nd.ra.flag.m": lambda v: flag(v.managed),
    "icmpv6.nd.ra.flag.o": lambda v: flag(v.other), "icmpv6.nd.ra.flag.h": lambda v: flag(v.home_agent),
    "icmpv6.nd.ra.flag.prf": lambda v: [{"medium": 0, "high": 1, "reserved": 2, "low": 3}[v.preference]],
    "icmpv6.nd.ra.router_lifetime": lambda v: [v.lifetime],
    "icmpv6.nd.ra.reachable_time": lambda v: [v.reachable_time],
    "icmpv6.nd.ra.retrans_timer": lambda v: [v.retrans_timer],
    "icmpv6.opt.mtu": lambda v: some(v.mtu),
    "icmpv6.opt.prefix": lambda v: [*(p.prefix for p in v.prefixes), *(r.network.network_address for r in v.routes)],
    "icmpv6.opt.prefix.length": lambda v: [*(p.length for p in v.prefixes), *(r.network.prefixlen for r in v.routes)],
    "icmpv6.opt.prefix.flag.l": lambda v: [bit for p in v.prefixes for bit in flag(p.on_link)],
    "icmpv6.opt.prefix.flag.a": lambda v: [bit for p in v.prefixes for bit in flag(p.autonomous)],
    "icmpv6.opt.prefix.valid_lifetime": lambda v: [p.valid for p in v.prefixes],
    "icmpv6.opt.prefix.preferred_lifetime": lambda v: [p.preferred for p in v.prefixes],
    "icmpv6.opt.route_lifetime": lambda v: [r.lifetime for r in v.routes],
    "icmpv6.opt.rdnss": lambda v: [server for option in v.rdnss for server in option.servers],
    "icmpv6.opt.rdnss.lifetime": lambda v: [option.lifetime for option in v.rdnss],
    "icmpv6.opt.dnssl": lambda v: [domain for option in v.dnssl for domain in option.domains],
    "icmpv6.opt.dnssl.lifetime": lambda v: [option.lifetime for option in v.dnssl],
}
NS: dict[str, Reader] = {**ND, "icmpv6.nd.ns.target_address": lambda v: [v.target],
                         "icmpv6.opt.nonce": lambda v: [v.nonce.hex()] if v.nonce else []}
NA: dict[str, Reader] = {**ND, "icmpv6.nd.na.target_address": lambda v: [v.target],
                         "icmpv6.nd.na.flag.r": lambda v: flag(v.router),
                         "icmpv6.nd.na.flag.s": lambda v: flag(v.solicited),
                         "icmpv6.nd.na.flag.o": lambda v: flag(v.override)}
REDIRECT: dict[str, Reader] = {**ND, "icmpv6.nd.rd.target_address": lambda v: [v.target],
                               "icmpv6.rd.na.destination_address": lambda v: [v.for_destination]}
MLD2: dict[str, Reader] = {**ICMPV6, "icmpv6.mldr.mar.multicast_address": lambda v: [r.group for r in v.records],
                           "icmpv6.mldr.mar.record_type": lambda v: [r.type for r in v.records],
                           "icmpv6.mldr.mar.source_address": lambda v: [s for r in v.records for s in r.sources],
                           "ipv6.opt.router_alert": lambda v: ["0"] if v.router_alert else []}
ECHO: dict[str, Reader] = {**ICMPV6, "icmpv6.type": lambda v: [129 if v.reply else 128],
                           "icmpv6.echo.identifier": lambda v: [v.identifier],
                           "icmpv6.echo.sequence_number": lambda v: [v.sequence],
                           "data.data": lambda v: [v.payload.hex()]}
VRRP: dict[str, Reader] = {
    **COMMON, "vrrp.version": lambda v: [v.version], "vrrp.type": lambda v: [v.kind],
    "vrrp.virt_rtr_id": lambda v: [v.router], "vrrp.prio": lambda v: [v.priority],
    "vrrp.addr_count": lambda v: [v.count], "vrrp.short_adver_int": lambda v: [round(v.interval * 100)],
    "vrrp.ipv6_addr": lambda v: v.addresses, "vrrp.checksum.status": lambda v: flag(v.checksum_ok)}
TCP: dict[str, Reader] = {
    **COMMON, "tcp.srcport": lambda v: [v.source_port], "tcp.dstport": lambda v: [v.destination_port],
    "tcp.seq_raw": lambda v: [v.sequence], "tcp.ack_raw": lambda v: [v.acknowledgement],
    "tcp.window_size_value": lambda v: [v.window], "tcp.payload": lambda v: some(v.payload.hex() or None),
    "tcp.flags.syn": lambda v: flag("SYN" in v.flags), "tcp.flags.ack": lambda v: flag("ACK" in v.flags),
    "tcp.flags.reset": lambda v: flag("RST" in v.flags), "tcp.flags.fin": lambda v: flag("FIN" in v.flags)}
UDP: dict[str, Reader] = {**COMMON, "udp.srcport": lambda v: [v.source_port],
                          "udp.dstport": lambda v: [v.destination_port], "udp.payload": lambda v: [v.payload.hex()],
                          "udp.checksum.status": lambda v: flag(v.checksum_ok)}
DNS_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33,
             "NAPTR": 35, "HTTPS": 65, "ANY": 255}
DNS: dict[str, Reader] = {
    **COMMON, "dns.id": lambda v: [v.identifier], "dns.flags.response": lambda v: flag(v.response),
    "dns.flags.rcode": lambda v: [v.rcode] if v.response else [], "dns.flags.truncated": lambda v: flag(v.truncated),
    "dns.qry.name": lambda v: [q.name for q in v.questions],
    "dns.qry.type": lambda v: [DNS_TYPES[q.type] for q in v.questions],
    "dns.aaaa": lambda v: [a.data for a in v.answers if a.type == "AAAA"],
    "dns.a": lambda v: [a.data for a in v.answers if a.type == "A"],
    "dns.resp.ttl": lambda v: [a.ttl for a in v.answers]}


def leases(message: Any) -> list[Any]:
    """All leased addresses."""
    return [leased for ia in message.ia_na for leased in ia.addresses]


def statuses(message: Any) -> list[Any]:
    """All status codes: of the message, of its identity associations and of what they hold."""
    associations = (*message.ia_na, *message.ia_ta, *message.ia_pd)
    held = [each for ia in associations for each in (*ia.addresses, *ia.prefixes)]
    return [each.status for each in (message, *associations, *held) if each.status]


DHCPV6: dict[str, Reader] = {
    **COMMON, "udp.srcport": lambda v: [v.source_port], "udp.dstport": lambda v: [v.destination_port],
    "dhcpv6.msgtype": lambda v: [*(12 if r.name == "Relay-forward" else 13 for r in v.relays), v.type],
    "dhcpv6.hopcount": lambda v: [r.hop_count for r in v.relays],
    "dhcpv6.linkaddr": lambda v: [r.link_address for r in v.relays],
    "dhcpv6.peeraddr": lambda v: [r.peer_address for r in v.relays],
    "dhcpv6.xid": lambda v: [v.transaction_id],
    "dhcpv6.duid.bytes": lambda v: [duid.hex() for code in v.options if code in (1, 2)
                                    for duid in [v.client_duid if code == 1 else v.server_duid]],
    "dhcpv6.iaid": lambda v: [f"{ia.iaid:08x}" for ia in (*v.ia_na, *v.ia_pd)],
    "dhcpv6.iaid.t1": lambda v: [ia.t1 for ia in (*v.ia_na, *v.ia_pd)],
    "dhcpv6.iaid.t2": lambda v: [ia.t2 for ia in (*v.ia_na, *v.ia_pd)],
    "dhcpv6.iaaddr.ip": lambda v: [leased.address for leased in leases(v)],
    "dhcpv6.iaaddr.pref_lifetime": lambda v: [leased.preferred for leased in leases(v)],
    "dhcpv6.iaaddr.valid_lifetime": lambda v: [leased.valid for leased in leases(v)],
    "dhcpv6.iaprefix.pref_addr": lambda v: [p.network.network_address for ia in v.ia_pd for p in ia.prefixes],
    "dhcpv6.iaprefix.pref_len": lambda v: [p.network.prefixlen for ia in v.ia_pd for p in ia.prefixes],
    "dhcpv6.requested_option_code": lambda v: v.option_request,
    "dhcpv6.option_preference": lambda v: some(v.preference),
    "dhcpv6.elapsed_time": lambda v: [] if v.elapsed_time is None else [v.elapsed_time * 10],
    "dhcpv6.status_code": lambda v: sorted(s.code for s in statuses(v)),
    "dhcpv6.dns_server": lambda v: v.dns,
    "dhcpv6.lifetime": lambda v: some(v.body.refresh_time),
    "dhcpv6.interface_id": lambda v: [r.interface_id.hex() for r in v.relays if r.interface_id],
}


#: Hexadecimal digits of a time stamp of 8 or of 16 octets.
STAMPS = (16, 32)


#: Each frame is read by itself.
UNCOMBINED = [word for name in ("ipv6.defragment", "tcp.desegment_tcp_streams", "tcp.analyze_sequence_numbers")
              for word in ("-o", f"{name}:FALSE")]


def tshark_fields(capture: Path, display_filter: str, fields: Iterable[str]) -> list[dict[str, list[str]]]:
    """What tshark reads in the frames that pass the filter."""
    fields = list(fields)
    argv = ["tshark", "-n", "-r", str(capture), "-Y", display_filter, "-T", "fields", "-E", "separator=/t", "-E",
            "aggregator=;", *UNCOMBINED, "-o", "udp.check_checksum:TRUE",
            *(part for name in fields for part in ("-e", name))]
    output = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in output.splitlines()]
    return [{name: [normal(value) for value in cell.split(";") if value]
             for name, cell in zip(fields, row, strict=True)} for row in rows]


def normal(value: str) -> str:
    """Numbers in decimal, addresses in their canonical form, True and False as digits."""
    if value in ("True", "False"):
        return str(int(value == "True"))
    if re.fullmatch(r"0x[0-9a-f]+", value):
        return str(int(value, 16))
    if value.count(":") > 1 and not re.fullmatch(r"([0-9a-f]{2}:){5,}[0-9a-f]{2}", value):
        return str(IPv6Address(value))
    if re.fullmatch(r"([0-9a-f]{2}:){6,}[0-9a-f]{2}", value):
        return value.replace(":", "")
    return value


def same(name: str, theirs: list[str], ours: list[str]) -> bool:
    """Whether both read the same; from 4.4 on tshark takes ping's time stamp out of an echo's data."""
    if name == "data.data" and ours and len(ours[0]) - len("".join(theirs)) in STAMPS:
        return ours[0].endswith("".join(theirs))
    if name == "dhcpv6.status_code":  # the first of several in one place counts for us
        return set(theirs) == set(ours)
    if name == "dhcpv6.interface_id":  # a relay may write it before the message that it wraps, or behind it
        return sorted(theirs) == sorted(ours)
    if name == "icmpv6.opt.prefix":  # tshark shows none of length 0
        return [each for each in theirs if each != "::"] == [each for each in ours if each != "::"]
    return theirs == [each for each in ours if each]
