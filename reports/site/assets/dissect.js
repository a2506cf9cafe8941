"use strict";
// What is in a frame, field by field, each with the bytes it stands in. A field: { name, value, at: [from, to], note }.
Sextant.dissect = (() => {
  const hex = (data, from, to, gap = "") => [...data.subarray(from, to)].map(each => each.toString(16).padStart(2, "0")).join(gap);
  const mac = (data, at) => hex(data, at, at + 6, ":");
  const u16 = (data, at) => (data[at] << 8) | data[at + 1];
  const u24 = (data, at) => (data[at] << 16) | u16(data, at + 1);
  const u32 = (data, at) => ((data[at] << 24) | u24(data, at + 1)) >>> 0;
  const ip4 = (data, at) => [...data.subarray(at, at + 4)].join(".");
  // RFC 5952: no leading zeros, the longest run of zeros (the first, of two or more) as "::".
  const ip6 = (data, at) => {
    const groups = Array.from({ length: 8 }, (_, each) => u16(data, at + 2 * each));
    let best = -1, most = 1;
    for (let from = 0; from < 8; from += 1) {
      let run = 0;
      while (from + run < 8 && groups[from + run] === 0) run += 1;
      if (run > most) { best = from; most = run; }
    }
    const text = groups.map(each => each.toString(16));
    return best < 0 ? text.join(":") : `${text.slice(0, best).join(":")}::${text.slice(best + most).join(":")}`;
  };

  // A reader of one layer: it adds fields and remembers what was cut.
  class Layer {
    constructor(name, data, at, end) { Object.assign(this, { name, data, start: at, at: [at, end], end, fields: [] }); }
    add(name, value, from, size, note) {
      const field = { name, value: String(value), at: [from, Math.min(from + size, this.data.length)], note };
      this.fields.push(field);
      return field;
    }
    group(name, from, size) {
      const inner = new Layer(name, this.data, from, Math.min(from + size, this.end));
      this.fields.push(inner);
      return inner;
    }
    u8(name, at, note) { return this.add(name, this.data[at], at, 1, note); }
    u16(name, at, note) { return this.add(name, u16(this.data, at), at, 2, note); }
    u32(name, at, note) { return this.add(name, u32(this.data, at), at, 4, note); }
    ip6(name, at) { return this.add(name, ip6(this.data, at), at, 16); }
    ip4(name, at) { return this.add(name, ip4(this.data, at), at, 4); }
    mac(name, at) { return this.add(name, mac(this.data, at), at, 6); }
    flag(name, at, mask, note) { return this.add(name, this.data[at] & mask ? 1 : 0, at, 1, note); }
    bytes(name, at, to) { return this.add(name, hex(this.data, at, Math.min(to, at + 64)), at, to - at); }
  }

  const PROTOCOLS = { 0: "hop-by-hop options", 6: "TCP", 17: "UDP", 43: "routing header", 44: "fragment", 50: "ESP", 51: "AH",
    58: "ICMPv6", 59: "no next header", 60: "destination options", 89: "OSPF", 112: "VRRP", 1: "ICMP", 2: "IGMP" };

  function frame(data) {
    const found = { layers: [], summary: "", kind: "", talk: "other", source: "", target: "", data };
    if (data.length < 14) { found.summary = "a frame without a whole header"; return found; }
    const ethernet = new Layer("Ethernet", data, 0, 14);
    ethernet.mac("destination", 0);
    ethernet.mac("source", 6);
    [found.macTarget, found.macSource] = [mac(data, 0), mac(data, 6)];
    [found.source, found.target] = [found.macSource, found.macTarget];
    found.layers.push(ethernet);
    let at = 12;
    while ((u16(data, at) === 0x8100 || u16(data, at) === 0x88a8) && data.length >= at + 6) {
      ethernet.add("VLAN", u16(data, at + 2) & 0xfff, at + 2, 2);
      at += 4;
    }
    const type = u16(data, at);
    ethernet.add("type", `0x${type.toString(16).padStart(4, "0")}`, at, 2);
    try {
      if (type === 0x86dd) ipv6(found, data, at + 2);
      else if (type === 0x0800) ipv4(found, data, at + 2);
      else if (type === 0x0806) Sextant.dissectors.arp(found, new Layer("ARP", data, at + 2, data.length), at + 2);
      else Object.assign(found, { kind: "frame", summary: `frame of type 0x${type.toString(16)}` });
    } catch (error) {
      found.summary = found.summary || `it cannot be dissected: ${error.message}`;
    }
    return found;
  }

  function ipv6(found, data, at) {
    const layer = new Layer("IPv6", data, at, at + 40);
    found.layers.push(layer);
    if (data.length < at + 40) { found.summary = "a cut IPv6 header"; return; }
    layer.add("traffic class", (u16(data, at) >> 4) & 0xff, at, 2);
    layer.add("flow label", `0x${(u24(data, at + 1) & 0xfffff).toString(16)}`, at + 1, 3);
    layer.u16("payload length", at + 4);
    layer.add("next header", `${data[at + 6]} ${PROTOCOLS[data[at + 6]] ?? ""}`.trim(), at + 6, 1);
    layer.u8("hop limit", at + 7);
    layer.ip6("source", at + 8);
    layer.ip6("destination", at + 24);
    Object.assign(found, { source: ip6(data, at + 8), target: ip6(data, at + 24), hops: data[at + 7], version: 6 });
    const end = Math.min(at + 40 + u16(data, at + 4), data.length);
    let next = data[at + 6], here = at + 40;
    while ([0, 43, 44, 51, 60].includes(next) && here + 8 <= end) {
      const size = next === 44 ? 8 : next === 51 ? (data[here + 1] + 2) * 4 : (data[here + 1] + 1) * 8;
      const extension = new Layer(`IPv6 ${PROTOCOLS[next]}`, data, here, Math.min(here + size, end));
      extension.add("next header", `${data[here]} ${PROTOCOLS[data[here]] ?? ""}`.trim(), here, 1);
      if (next === 44) {
        extension.add("offset", u16(data, here + 2) & 0xfff8, here + 2, 2);
        extension.add("more fragments", u16(data, here + 2) & 1, here + 3, 1);
        if (u16(data, here + 2) & 0xfff8) {
          found.layers.push(extension);
          Object.assign(found, { kind: "fragment", summary: "fragment", talk: "fragment" });
          return;
        }
      } else {
        extension.u8("length", here + 1, "in units of 8 octets, without the first");
        if (next === 43) { extension.u8("type", here + 2); extension.u8("segments left", here + 3); }
        extension.bytes("content", here + 2, Math.min(here + size, end));
      }
      found.layers.push(extension);
      [next, here] = [data[here], here + size];
    }
    upper(found, data, next, here, end);
  }

  function ipv4(found, data, at) {
    const size = (data[at] & 15) * 4;
    const layer = new Layer("IPv4", data, at, at + size);
    found.layers.push(layer);
    if (data.length < at + 20) { found.summary = "a cut IPv4 header"; return; }
    layer.u16("total length", at + 2);
    layer.u8("time to live", at + 8);
    layer.add("protocol", `${data[at + 9]} ${PROTOCOLS[data[at + 9]] ?? ""}`.trim(), at + 9, 1);
    layer.ip4("source", at + 12);
    layer.ip4("destination", at + 16);
    Object.assign(found, { source: ip4(data, at + 12), target: ip4(data, at + 16), hops: data[at + 8], version: 4 });
    upper(found, data, data[at + 9], at + size, Math.min(at + u16(data, at + 2), data.length));
  }

  function upper(found, data, protocol, at, end) {
    const known = { 58: "icmpv6", 17: "udp", 6: "tcp", 112: "vrrp", 1: "icmp" }[protocol];
    if (known) Sextant.dissectors[known](found, new Layer(PROTOCOLS[protocol], data, at, end), at, end);
    else Object.assign(found, { kind: PROTOCOLS[protocol] ?? `protocol ${protocol}`,
      summary: PROTOCOLS[protocol] ?? `protocol ${protocol}`, talk: `protocol ${protocol}` });
  }

  // Packets are dissected when they are looked at, and once.
  const known = new WeakMap();
  const dissect = data => {
    if (!known.has(data)) known.set(data, frame(data));
    return known.get(data);
  };
  return Object.assign(dissect, { Layer, hex, mac, u16, u24, u32, ip4, ip6 });
})();
