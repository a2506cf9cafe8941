"use strict";
// pcapng as the suite writes it (little-endian, interfaces named node:interface): read, and written with comments.
Sextant.pcapng = (() => {
  const SECTION = 0x0a0d0d0a, INTERFACE = 1, PACKET = 6, COMMENT = 1, NAME = 2, FLAGS = 2;

  function* blocks(data) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at + 12 <= data.length;) {
      const total = view.getUint32(at + 4, true);
      if (total < 12 || total % 4 || at + total > data.length) return;
      yield { kind: view.getUint32(at, true), at, total, view };
      at += total;
    }
  }

  function* options(view, at, end) {
    while (at + 4 <= end) {
      const code = view.getUint16(at, true), length = view.getUint16(at + 2, true);
      if (code === 0 || at + 4 + length > end) return;
      yield { code, at: at + 4, length };
      at += 4 + length + (-length & 3);
    }
  }

  // The frames: number, seconds since the play began, node, interface, direction, bytes.
  function read(data, startedNs) {
    const decoder = new TextDecoder();
    const ends = [], frames = [];
    const started = BigInt(startedNs ?? 0);
    for (const { kind, at, total, view } of blocks(data)) {
      if (kind === INTERFACE) {
        let name = "";
        for (const option of options(view, at + 16, at + total - 4)) {
          if (option.code === NAME) name = decoder.decode(data.subarray(option.at, option.at + option.length));
        }
        const cut = name.indexOf(":");
        ends.push(cut < 0 ? [name, ""] : [name.slice(0, cut), name.slice(cut + 1)]);
      } else if (kind === PACKET) {
        const [node, name] = ends[view.getUint32(at + 8, true)] ?? ["?", ""];
        const stamp = (BigInt(view.getUint32(at + 12, true)) << 32n) | BigInt(view.getUint32(at + 16, true));
        const size = view.getUint32(at + 20, true), body = at + 28;
        let way = 0;
        for (const option of options(view, body + size + (-size & 3), at + total - 4)) {
          if (option.code === FLAGS) way = view.getUint32(option.at, true) & 3;
        }
        frames.push({ number: frames.length + 1, time: Number(stamp - started) / 1e9, node, interface: name,
          outgoing: way === 2, data: data.subarray(body, body + size) });
      }
    }
    return frames;
  }

  // The same file, with a comment at each frame that has one: Wireshark shows it, and finds it by `frame.comment`.
  function commented(data, comments) {
    const encoder = new TextEncoder();
    const parts = [];
    let number = 0;
    for (const { kind, at, total, view } of blocks(data)) {
      const block = data.subarray(at, at + total);
      const comment = kind === PACKET ? comments.get(++number) : undefined;
      if (!comment) { parts.push(block); continue; }
      const text = encoder.encode(comment).subarray(0, 65000);
      const size = view.getUint32(at + 20, true);
      const head = 28 + size + (-size & 3);
      const more = 4 + text.length + (-text.length & 3);
      const made = new Uint8Array(total + more);
      const its = new DataView(made.buffer);
      made.set(block.subarray(0, head));
      its.setUint16(head, COMMENT, true);
      its.setUint16(head + 2, text.length, true);
      made.set(text, head + 4);
      made.set(block.subarray(head), head + more);
      its.setUint32(4, total + more, true);
      its.setUint32(total + more - 4, total + more, true);
      parts.push(made);
    }
    return new Blob(parts);
  }

  return { read, commented, SECTION };
})();
