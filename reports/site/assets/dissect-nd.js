"use strict";
// ICMPv6: Neighbor Discovery (RFC 4861, with the options of 4191 and 8106), echoes, errors, MLD.
(() => {
  const { u16, u32, ip6, mac, hex } = Sextant.dissect;
  const PREFERENCES = ["medium", "high", "reserved", "low"];
  const forever = value => (value === 0xffffffff ? "infinity" : `${value} s`);

  const OPTIONS = {
    1: ["source link-layer address", (layer, at) => layer.mac("address", at + 2)],
    2: ["target link-layer address", (layer, at) => layer.mac("address", at + 2)],
    3: ["prefix information", (layer, at, data) => {
      layer.add("prefix", `${ip6(data, at + 16)}/${data[at + 2]}`, at + 2, 30);
      layer.u8("prefix length", at + 2);
      layer.flag("L on-link", at + 3, 0x80);
      layer.flag("A autonomous", at + 3, 0x40);
      layer.add("valid lifetime", forever(u32(data, at + 4)), at + 4, 4);
      layer.add("preferred lifetime", forever(u32(data, at + 8)), at + 8, 4);
    }],
    5: ["MTU", (layer, at) => layer.u32("MTU", at + 4)],
    14: ["nonce", (layer, at, data, size) => layer.bytes("nonce", at + 2, at + size)],
    24: ["route information", (layer, at, data, size) => {
      const whole = new Uint8Array(16);
      whole.set(data.subarray(at + 8, at + Math.min(size, 24)));
      layer.add("prefix", `${ip6(whole, 0)}/${data[at + 2]}`, at + 2, size - 2);
      layer.add("preference", PREFERENCES[(data[at + 3] >> 3) & 3], at + 3, 1);
      layer.add("route lifetime", forever(u32(data, at + 4)), at + 4, 4);
    }],
    25: ["recursive DNS servers", (layer, at, data, size) => {
      layer.add("lifetime", forever(u32(data, at + 4)), at + 4, 4);
      for (let each = at + 8; each + 16 <= at + size; each += 16) layer.ip6("server", each);
    }],
    31: ["DNS search list", (layer, at, data, size) => {
      layer.add("lifetime", forever(u32(data, at + 4)), at + 4, 4);
      layer.add("domains", new TextDecoder().decode(data.subarray(at + 8, at + size)).replace(/[\x00-\x1f]+/g, "."), at + 8, size - 8);
    }],
  };

  function options(found, layer, at, end) {
    const { data } = layer;
    while (at + 2 <= end) {
      const size = data[at + 1] * 8;
      const [name, fill] = OPTIONS[data[at]] ?? [`option ${data[at]}`, null];
      const option = layer.group(name, at, size || end - at);
      if (!size) { option.add("length", 0, at + 1, 1, "an option of length 0 makes the message invalid"); return; }
      if (fill && at + size <= end) fill(option, at, data, size);
      else option.bytes("content", at + 2, Math.min(at + size, end));
      at += size;
    }
  }
  const link = (layer, name) => layer.fields.find(each => each.name === `${name} link-layer address`)?.fields[0]?.value;

  const MESSAGES = {
    133: ["RS", "Router Solicitation", "router", 8, layer => `Router Solicitation${link(layer, "source") ? "" : ", no source link-layer address"}`],
    134: ["RA", "Router Advertisement", "router", 16, (layer, at, data) => {
      layer.u8("current hop limit", at + 4);
      layer.flag("M managed", at + 5, 0x80);
      layer.flag("O other", at + 5, 0x40);
      layer.add("preference", PREFERENCES[(data[at + 5] >> 3) & 3], at + 5, 1);
      layer.add("router lifetime", `${u16(data, at + 6)} s`, at + 6, 2);
      layer.add("reachable time", `${u32(data, at + 8)} ms`, at + 8, 4);
      layer.add("retrans timer", `${u32(data, at + 12)} ms`, at + 12, 4);
      return () => {
        const prefixes = layer.fields.filter(each => each.name === "prefix information").map(each => each.fields[0]?.value);
        return `Router Advertisement M=${data[at + 5] >> 7} O=${(data[at + 5] >> 6) & 1}, ${u16(data, at + 6)} s${prefixes.length ? `, ${prefixes.join(", ")}` : ""}`;
      };
    }],
    135: ["NS", "Neighbor Solicitation", "neighbor", 24, (layer, at, data, found) => {
      layer.ip6("target", at + 8);
      return () => `${found.source === "::" ? "is it free? " : "who has "}${ip6(data, at + 8)}`;
    }],
    136: ["NA", "Neighbor Advertisement", "neighbor", 24, (layer, at, data) => {
      layer.flag("R router", at + 4, 0x80);
      layer.flag("S solicited", at + 4, 0x40);
      layer.flag("O override", at + 4, 0x20);
      layer.ip6("target", at + 8);
      return () => `${ip6(data, at + 8)} is at ${link(layer, "target") ?? "its sender"} (R${data[at + 4] >> 7} S${(data[at + 4] >> 6) & 1} O${(data[at + 4] >> 5) & 1})`;
    }],
    137: ["Redirect", "Redirect", "redirect", 40, (layer, at, data) => {
      layer.ip6("target", at + 8);
      layer.ip6("destination", at + 24);
      return () => `Redirect for ${ip6(data, at + 24)} to ${ip6(data, at + 8)}`;
    }],
  };
  const ERRORS = { 1: "Destination Unreachable", 2: "Packet Too Big", 3: "Time Exceeded", 4: "Parameter Problem" };

  Sextant.dissectors.icmpv6 = (found, layer, at, end) => {
    const { data } = layer;
    found.layers.push(layer);
    const type = data[at];
    layer.add("type", type, at, 1);
    layer.u8("code", at + 1);
    layer.add("checksum", `0x${hex(data, at + 2, at + 4)}`, at + 2, 2);
    const message = MESSAGES[type];
    if (message && at + message[3] <= end) {
      const [kind, name, talk, size, fill] = message;
      layer.name = `ICMPv6 ${name}`;
      Object.assign(found, { kind, talk, type });
      const told = fill(layer, at, data, found);
      options(found, layer, at + size, end);
      found.summary = (typeof told === "function" ? told() : told) + (found.hops === 255 ? "" : `, hop limit ${found.hops}`);
      if (type === 135 || type === 136) found.about = ip6(data, at + 8);
    } else if (type === 128 || type === 129) {
      layer.u16("identifier", at + 4);
      layer.u16("sequence number", at + 6);
      const name = type === 128 ? "Echo Request" : "Echo Reply";
      Object.assign(found, { kind: name, talk: "echo", summary: type === 128 ? `Echo Request to ${found.target}` : `Echo Reply from ${found.source}` });
    } else if (type < 128) {
      const name = ERRORS[type] ?? `ICMPv6 error ${type}`;
      if (type === 2) layer.u32("MTU", at + 4);
      if (type === 4) layer.u32("pointer", at + 4);
      Object.assign(found, { kind: name, talk: "error", summary: `${name}, code ${data[at + 1]}` });
    } else if ([130, 131, 132, 143].includes(type)) {
      const name = { 130: "query", 131: "report", 132: "done", 143: "report" }[type];
      const groups = [];
      if (type === 143) {
        for (let each = 0, place = at + 8; each < u16(data, at + 6) && place + 20 <= end; each += 1) {
          groups.push(ip6(data, place + 4));
          layer.ip6("group", place + 4);
          place += 20 + data[place + 1] * 4 + u16(data, place + 2) * 16;
        }
      } else { groups.push(ip6(data, at + 8)); layer.ip6("group", at + 8); }
      Object.assign(found, { kind: `MLD ${name}`, talk: "mld", summary: `MLD ${name} ${groups.join(", ")}` });
    } else Object.assign(found, { kind: `ICMPv6 ${type}`, talk: "icmpv6", summary: `ICMPv6 type ${type}` });
  };

  Sextant.dissectors.arp = (found, layer, at) => {
    const { data } = layer;
    found.layers.push(layer);
    layer.u16("operation", at + 6);
    layer.mac("sender", at + 8);
    layer.ip4("sender address", at + 14);
    layer.ip4("target address", at + 24);
    const { ip4 } = Sextant.dissect;
    Object.assign(found, { kind: "ARP", talk: "arp", source: ip4(data, at + 14), target: ip4(data, at + 24), summary:
      u16(data, at + 6) === 1 ? `ARP: who has ${ip4(data, at + 24)}` : `ARP: ${ip4(data, at + 14)} is at ${mac(data, at + 8)}` });
  };
})();
