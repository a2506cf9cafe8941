"use strict";
// A recording as a story: who is there, which packet went from whom to whom, and what happened at whom.
Sextant.play = (() => {
  const ROLES = ["guest", "application", "neighbor-proxy", "requesting-router", "router", "relay", "dhcpv6-server", "name-server", "virtual-router",
    "fabric", "compute-host", "sip-endpoint", "segment", "management", "peer"];
  //: Seconds in which a frame gets from one end of a wire to the other.
  const WIRE = 2;
  const text = data => String.fromCharCode.apply(null, data.subarray(0, 4000));

  // Each packet once: sent at one node, received at others. A frame's numbers at all its ends are kept.
  function arrows(frames, macs) {
    const sent = new Map(), found = [];
    for (const frame of frames.filter(each => each.outgoing)) {
      const arrow = { time: frame.time, from: frame.node, to: [], numbers: [frame.number], frame };
      found.push(arrow);
      const key = text(frame.data);
      if (!sent.has(key)) sent.set(key, []);
      sent.get(key).push(arrow);
    }
    for (const frame of frames.filter(each => !each.outgoing)) {
      const candidates = sent.get(text(frame.data)) ?? [];
      let best = null;
      for (const arrow of candidates) {
        const late = frame.time - arrow.time;
        if (late > -0.05 && late < WIRE && arrow.from !== frame.node && !arrow.to.some(end => end.node === frame.node)) best = arrow;
      }
      if (best) {
        best.to.push({ node: frame.node, number: frame.number, time: frame.time });
        best.numbers.push(frame.number);
      } else {
        found.push({ time: frame.time, from: null, to: [{ node: frame.node, number: frame.number, time: frame.time }], numbers: [frame.number], frame });
      }
    }
    for (const arrow of found) {
      const target = Sextant.dissect.mac(arrow.frame.data, 0);
      const unicast = !(arrow.frame.data[0] & 1);
      // A bridge that does not know an address yet floods; who only overhears is no receiver.
      if (unicast && arrow.to.some(end => macs.get(end.node)?.has(target))) arrow.to = arrow.to.filter(end => macs.get(end.node)?.has(target));
    }
    return found.sort((one, other) => one.time - other.time);
  }

  // In a capture of other origin a life line is whoever sends, by link-layer address.
  function overheard(frames, numbers) {
    return frames.map(frame => {
      const { mac } = Sextant.dissect;
      const [target, source] = [mac(frame.data, 0), mac(frame.data, 6)];
      return { time: frame.time, from: source, to: frame.data[0] & 1 ? [] : [{ node: target, number: frame.number, time: frame.time }],
        everybody: Boolean(frame.data[0] & 1), numbers: [numbers[frame.number - 1] ?? frame.number], frame };
    });
  }

  function moment(line, number) {
    const time = line.ns / 1e9;
    if (line.what === "event") {
      const where = line.fields.ifname ?? line.fields.dev ?? "";
      return { time, node: line.node, what: "event", kind: line.kind, gone: line.action === "del", fields: line.fields, number,
        text: `${line.kind} ${line.action === "del" ? "gone" : "set"}: ${Sextant.state.row(line.kind, line.fields)}${where ? ` (${where})` : ""}` };
    }
    if (line.what === "output") return { time, node: line.node, what: "output", program: line.program, text: line.text, number };
    if (line.what === "mark") return { time, node: line.fields?.node ?? null, what: "mark", name: line.name, fields: line.fields ?? {}, text: step(line), number };
    if (line.what === "snapshot") return { time, node: line.node, what: "snapshot", name: line.name, tables: line.tables, text: `kernel state noted: ${line.name}`, number };
    return null;
  }

  // A step of the play in words.
  function step(line) {
    const fields = line.fields ?? {};
    const who = fields.role ?? fields.peer ?? fields.node ?? "";
    const told = {
      start: `${who} is started`, ready: `${who} is ready`, up: `the link of ${fields.node} comes up`, down: `the link of ${fields.node} goes down`,
      stop: `${who} is stopped`, kill: `${who} is killed`, peer: `${fields.peer} speaks at ${fields.node}`,
    }[line.name];
    if (told) return told;
    const rest = Object.entries(fields).filter(([key, value]) => value !== null && value !== "" && !["what", "begin", "status"].includes(key)).map(([key, value]) =>
      `${key.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ");
    return `${line.name.replaceAll("-", " ")}${fields.what ? ` “${String(fields.what).replaceAll("-", " ")}”` : ""}${fields.status ? ` (status ${fields.status})` : ""}${rest ? `: ${rest}` : ""}`;
  }
  const NOISE = new Set(["neighbor-table-full", "place-taken"]);

  function open(loaded) {
    const head = loaded.head ?? {};
    const capture = head.capture ?? null;
    const frames = loaded.packets?.length ? Sextant.pcapng.read(loaded.packets, head.started ?? head.started_ns) : [];
    const macs = new Map();
    for (const end of head.interfaces ?? []) {
      if (!macs.has(end.node)) macs.set(end.node, new Set());
      macs.get(end.node).add(end.mac);
    }
    const moments = loaded.lines.map(moment).filter(Boolean).filter(each => !NOISE.has(each.name));
    const drawn = capture ? overheard(frames, head.numbers ?? []) : arrows(frames, macs);
    const nodes = head.play?.nodes ?? {};
    const roles = new Map();
    for (const [role, node] of Object.entries(nodes)) roles.set(node, [...(roles.get(node) ?? []), role]);
    const names = [...new Set([...drawn.flatMap(each => [each.from, ...each.to.map(end => end.node)]), ...moments.map(each => each.node)])].filter(Boolean);
    const place = node => Math.min(...(roles.get(node) ?? [node]).map(role => {
      const found = ROLES.findIndex(each => role.startsWith(each));
      return found < 0 ? ROLES.length : found;
    }));
    names.sort((one, other) => place(one) - place(other) || one.localeCompare(other, "en", { numeric: true }));
    const programs = Object.fromEntries(Object.entries(head.play?.implementations ?? {}).map(([role, each]) => [role, each]));
    return { head, capture, frames, arrows: drawn, moments, nodes: names, roles, programs, macs, place: loaded.place,
      packets: loaded.packets, configurations: loaded.configurations ?? {}, cells: loaded.cells,
      duration: (head.duration_ns ?? 0) / 1e9 };
  }
  return { open };
})();
