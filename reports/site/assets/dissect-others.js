"use strict";
// UDP, TCP, DNS, VRRP, and the first line of what is text.
(() => {
  const { Layer, u16, u32, ip4, ip6, hex } = Sextant.dissect;
  const TYPES = { 1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR", 65: "HTTPS", 255: "ANY" };
  const CODES = { 0: "", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED" };
  const printable = (data, from, to) => {
    const line = new TextDecoder().decode(data.subarray(from, Math.min(to, from + 200))).split(/[\r\n]/)[0];
    return /^[\x20-\x7e]{4,}$/.test(line) ? line.slice(0, 80) : "";
  };

  Sextant.dissectors.udp = (found, layer, at, end) => {
    const { data } = layer;
    layer.at[1] = layer.end = at + 8;
    found.layers.push(layer);
    const [from, to] = [u16(data, at), u16(data, at + 2)];
    layer.u16("source port", at);
    layer.u16("destination port", at + 2);
    layer.u16("length", at + 4);
    layer.add("checksum", `0x${hex(data, at + 6, at + 8)}`, at + 6, 2);
    Object.assign(found, { kind: "UDP", talk: `udp ${[from, to].sort().join(" ")}`, ports: [from, to], summary: `UDP ${from} → ${to}` });
    if (end <= at + 8) return;
    const ports = new Set([from, to]);
    if (found.version === 6 && (ports.has(546) || ports.has(547))) Sextant.dissectors.dhcpv6(found, data, at + 8, end);
    else if (ports.has(67) || ports.has(68)) Sextant.dissectors.dhcpv4(found, data, at + 8, end);
    else if (ports.has(53)) dns(found, data, at + 8, end);
    else {
      const line = printable(data, at + 8, end);
      if (line) Object.assign(found, { summary: line, talk: line.includes("SIP/2.0") ? "sip" : found.talk });
    }
  };

  function dns(found, data, at, end) {
    const layer = new Layer("DNS", data, at, end);
    found.layers.push(layer);
    layer.add("id", `0x${hex(data, at, at + 2)}`, at, 2);
    const answer = data[at + 2] >> 7, code = data[at + 3] & 15;
    layer.add("response", answer, at + 2, 1);
    layer.add("code", code, at + 3, 1);
    const [questions, answers] = [u16(data, at + 4), u16(data, at + 6)];
    let place = at + 12, asked = "";
    const name = from => {
      const words = [];
      let here = from, after = 0, jumps = 0;
      while (here < end && data[here] && jumps < 30) {
        if (data[here] >= 192) { after = after || here + 2; here = at + (u16(data, here) & 0x3fff); jumps += 1; continue; }
        words.push(new TextDecoder().decode(data.subarray(here + 1, here + 1 + data[here])));
        here += data[here] + 1;
      }
      return [words.join(".") || ".", after || here + 1];
    };
    for (let each = 0; each < questions && place < end; each += 1) {
      const [what, next] = name(place);
      asked = `${TYPES[u16(data, next)] ?? u16(data, next)} ${what}`;
      layer.add("question", asked, place, next + 4 - place);
      place = next + 4;
    }
    const told = [];
    for (let each = 0; each < answers && place + 11 < end; each += 1) {
      const [, next] = name(place);
      const type = u16(data, next), size = u16(data, next + 8), body = next + 10;
      const value = type === 28 ? ip6(data, body) : type === 1 ? ip4(data, body) : TYPES[type] ?? type;
      told.push(value);
      layer.add("answer", `${value}, ${u32(data, next + 4)} s`, place, body + size - place);
      place = body + size;
    }
    Object.assign(found, { kind: answer ? "DNS response" : "DNS query", talk: "dns", summary:
      `DNS ${asked}${answer ? `: ${CODES[code] || told.join(", ") || "nothing"}` : "?"}` });
  }

  Sextant.dissectors.tcp = (found, layer, at, end) => {
    const { data } = layer;
    const size = (data[at + 12] >> 4) * 4;
    layer.at[1] = layer.end = Math.min(at + size, end);
    found.layers.push(layer);
    const [from, to, flags] = [u16(data, at), u16(data, at + 2), data[at + 13]];
    layer.u16("source port", at);
    layer.u16("destination port", at + 2);
    layer.u32("sequence number", at + 4);
    layer.u32("acknowledgement number", at + 8);
    const set = [["SYN", 2], ["ACK", 16], ["FIN", 1], ["RST", 4], ["PSH", 8]].filter(([name, mask]) =>
      layer.flag(name, at + 13, mask).value === "1").map(([name]) => name);
    layer.u16("window", at + 14);
    const line = printable(data, at + size, end);
    const bytes = Math.max(0, end - at - size);
    if (bytes) layer.fields.push(Object.assign(new Layer("payload", data, at + size, end), { value: line || `${bytes} bytes` }));
    const bgp = from === 179 || to === 179;
    if (bgp && bytes >= 19) {
      const kind = ["", "OPEN", "UPDATE", "NOTIFICATION", "KEEPALIVE"][data[at + size + 18]] ?? "message";
      Object.assign(found, { kind: `BGP ${kind}`, talk: "bgp", summary: `BGP ${kind}` });
      return;
    }
    Object.assign(found, { kind: `TCP ${set.join("+")}`, talk: bgp ? "bgp" : "tcp", ports: [from, to], flags: set, summary:
      line ? line : flags === 2 ? `SYN to ${found.target} port ${to}` : `TCP ${set.join("+") || "segment"} ${from} → ${to}${bytes ? `, ${bytes} bytes` : ""}` });
    found.about = [found.source, found.target].sort().join(" ") + [from, to].sort().join(" ");
  };

  Sextant.dissectors.icmp = (found, layer, at) => {
    found.layers.push(layer);
    layer.u8("type", at);
    layer.u8("code", at + 1);
    const name = { 0: "Echo Reply (IPv4)", 3: "Destination Unreachable (IPv4)", 8: "Echo Request (IPv4)" }[layer.data[at]] ?? `ICMP ${layer.data[at]}`;
    Object.assign(found, { kind: name, talk: "echo4", summary: name });
  };

  Sextant.dissectors.vrrp = (found, layer, at, end) => {
    const { data } = layer;
    found.layers.push(layer);
    layer.add("version", data[at] >> 4, at, 1);
    layer.u8("virtual router", at + 1);
    layer.u8("priority", at + 2);
    layer.add("max advertise interval", `${(u16(data, at + 4) & 0xfff) * 10} ms`, at + 4, 2);
    for (let each = at + 8; found.version === 6 && each + 16 <= end; each += 16) layer.ip6("address", each);
    Object.assign(found, { kind: "VRRP", talk: "vrrp", vrrp: { priority: data[at + 2], interval: (u16(data, at + 4) & 0xfff) / 100 },
      summary: `VRRP ${data[at + 1]}, priority ${data[at + 2]}` });
  };
})();
