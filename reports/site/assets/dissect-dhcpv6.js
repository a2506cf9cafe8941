"use strict";
// DHCPv6 (RFC 8415), also what relays have wrapped, and DHCPv4's message types.
(() => {
  const { u16, u32, ip6, hex } = Sextant.dissect;
  const NAMES = ["", "Solicit", "Advertise", "Request", "Confirm", "Renew", "Rebind", "Reply", "Release", "Decline", "Reconfigure",
    "Information-request", "Relay-forward", "Relay-reply"];
  const OPTIONS = { 1: "client identifier", 2: "server identifier", 3: "IA_NA", 4: "IA_TA", 5: "IA address", 6: "option request",
    7: "preference", 8: "elapsed time", 9: "relayed message", 11: "authentication", 12: "server unicast", 13: "status code",
    14: "rapid commit", 16: "vendor class", 18: "interface id", 19: "reconfigure message", 20: "reconfigure accept",
    23: "DNS servers", 24: "domain search list", 25: "IA_PD", 26: "IA prefix", 32: "information refresh time", 39: "client FQDN",
    59: "boot file URL", 60: "boot file parameters", 61: "client architecture", 79: "client link-layer address", 82: "SOL_MAX_RT", 83: "INF_MAX_RT" };
  const STATUS = ["Success", "UnspecFail", "NoAddrsAvail", "NoBinding", "NotOnLink", "UseMulticast", "NoPrefixAvail"];
  const time = value => (value === 0xffffffff ? "infinity" : `${value} s`);
  const text = (data, from, to) => new TextDecoder().decode(data.subarray(from, to));

  const FILL = {
    1: (option, at, end) => option.add("DUID", hex(option.data, at, end, ":"), at, end - at),
    3: (option, at, end, told) => association(option, at, end, told, 12),
    25: (option, at, end, told) => association(option, at, end, told, 12),
    4: (option, at, end, told) => { option.add("IAID", `0x${hex(option.data, at, at + 4)}`, at, 4); options(option, at + 4, end, told); },
    5: (option, at, end, told) => {
      option.ip6("address", at);
      lifetimes(option, at + 16, told, ip6(option.data, at));
      options(option, at + 24, end, told);
    },
    26: (option, at, end, told) => {
      const prefix = `${ip6(option.data, at + 9)}/${option.data[at + 8]}`;
      option.add("prefix", prefix, at + 8, 17);
      lifetimes(option, at, told, prefix);
      options(option, at + 25, end, told);
    },
    6: (option, at, end) => {
      for (let each = at; each + 2 <= end; each += 2) option.add("asks for", OPTIONS[u16(option.data, each)] ?? u16(option.data, each), each, 2);
    },
    7: (option, at) => option.u8("preference", at),
    8: (option, at) => option.add("elapsed", `${u16(option.data, at) * 10} ms`, at, 2),
    13: (option, at, end, told) => {
      told.status = STATUS[u16(option.data, at)] ?? u16(option.data, at);
      option.add("status", told.status, at, 2);
      if (end > at + 2) option.add("message", text(option.data, at + 2, end), at + 2, end - at - 2);
    },
    19: (option, at) => option.add("message", NAMES[option.data[at]] ?? option.data[at], at, 1),
    23: (option, at, end) => { for (let each = at; each + 16 <= end; each += 16) option.ip6("server", each); },
    24: (option, at, end) => option.add("domains", text(option.data, at, end).replace(/[\x00-\x1f]+/g, "."), at, end - at),
    32: (option, at) => option.add("refresh time", time(u32(option.data, at)), at, 4),
    59: (option, at, end) => option.add("URL", text(option.data, at, end), at, end - at),
    82: (option, at) => option.add("SOL_MAX_RT", time(u32(option.data, at)), at, 4),
    83: (option, at) => option.add("INF_MAX_RT", time(u32(option.data, at)), at, 4),
  };
  FILL[2] = FILL[1];

  function lifetimes(option, at, told, what) {
    option.add("preferred lifetime", time(u32(option.data, at)), at, 4);
    option.add("valid lifetime", time(u32(option.data, at + 4)), at + 4, 4);
    told.leases.push({ what, preferred: u32(option.data, at), valid: u32(option.data, at + 4) });
  }

  function association(option, at, end, told, size) {
    option.add("IAID", `0x${hex(option.data, at, at + 4)}`, at, 4);
    option.add("T1", time(u32(option.data, at + 4)), at + 4, 4);
    option.add("T2", time(u32(option.data, at + 8)), at + 8, 4);
    [told.t1, told.t2] = [u32(option.data, at + 4), u32(option.data, at + 8)];
    options(option, at + size, end, told);
  }

  function options(layer, at, end, told) {
    const { data } = layer;
    while (at + 4 <= end) {
      const code = u16(data, at), length = u16(data, at + 2), stop = Math.min(at + 4 + length, end);
      const option = layer.group(OPTIONS[code] ?? `option ${code}`, at, 4 + length);
      if (code === 9) message(option, at + 4, stop, told);
      else if (FILL[code] && at + 4 + length <= end) FILL[code](option, at + 4, stop, told);
      else if (length) option.bytes("content", at + 4, stop);
      at += 4 + length;
    }
  }

  function message(layer, at, end, told) {
    const { data } = layer;
    const type = data[at];
    layer.add("message type", `${type} ${NAMES[type] ?? ""}`.trim(), at, 1);
    if (type === 12 || type === 13) {
      layer.u8("hop count", at + 1);
      layer.ip6("link address", at + 2);
      layer.ip6("peer address", at + 18);
      told.relays += 1;
      options(layer, at + 34, end, told);
      return;
    }
    told.type = type;
    told.transaction = hex(data, at + 1, at + 4);
    layer.add("transaction id", `0x${told.transaction}`, at + 1, 3);
    options(layer, at + 4, end, told);
  }

  Sextant.dissectors.dhcpv6 = (found, data, at, end) => {
    const layer = new Sextant.dissect.Layer("DHCPv6", data, at, end);
    found.layers.push(layer);
    const told = { leases: [], relays: 0 };
    message(layer, at, end, told);
    const name = NAMES[told.type] || NAMES[data[at]] || `message ${data[at]}`;
    layer.name = `DHCPv6 ${name}`;
    const leases = told.leases.map(each => each.what).sort((one, other) => other.includes("/") - one.includes("/")).join(", ");
    Object.assign(found, { kind: name, talk: "dhcpv6", dhcpv6: told, summary:
      `${name}${leases ? ` ${leases}` : ""}${told.status && told.status !== "Success" ? ` (${told.status})` : ""}${told.relays ? ", relayed" : ""}` });
  };

  const DHCP4 = ["", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM"];
  Sextant.dissectors.dhcpv4 = (found, data, at, end) => {
    const layer = new Sextant.dissect.Layer("DHCP", data, at, end);
    found.layers.push(layer);
    let name = "message";
    layer.ip4("your address", at + 16);
    for (let each = at + 240; each + 2 <= end && data[each] !== 255;) {
      if (data[each] === 0) { each += 1; continue; }
      if (data[each] === 53) { name = DHCP4[data[each + 2]] ?? name; layer.add("message type", name, each + 2, 1); }
      each += 2 + data[each + 1];
    }
    Object.assign(found, { kind: `DHCP ${name}`, talk: "dhcpv4", summary: `DHCP ${name}` });
  };
})();
