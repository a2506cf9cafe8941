"use strict";
// What every script here builds on: elements out of text (never out of markup), and scripts that bring data.
const Sextant = { pages: {}, dissectors: {} };

// h("a", { href, class, onclick, ... }, child, [children], "text"): an element. Text stays text, whatever is in it.
Sextant.h = (name, attributes, ...children) => Sextant.fill(document.createElement(name), attributes, children);
Sextant.svg = (name, attributes, ...children) =>
  Sextant.fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

Sextant.fill = (element, attributes, children) => {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key.startsWith("--")) element.style.setProperty(key, value);
    else if (key === "href") element.setAttribute("href", Sextant.safe(String(value)));
    else element.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
};

// An address that leads to this page, to a file beside it, or to the web when the reader clicks it; nothing else.
Sextant.safe = address => (/^(#|https?:\/\/|blob:|[\w.][^:]*$)/i.test(address) ? address : "#");

// A document's addresses in a text become links.
Sextant.linked = text => String(text ?? "").split(/(https?:\/\/[^\s<>"')\];]+)/).map((piece, number) =>
  number % 2 ? Sextant.h("a", { href: piece, rel: "noreferrer" }, piece) : piece);

Sextant.path = place => place.split("/").map(encodeURIComponent).join("/");
// Parts of a paragraph, each ended by a mark of its own but the last.
Sextant.ended = parts => parts.map((each, number) => (number === parts.length - 1 || /[.;:!?]$/.test(each) ? each : `${each};`));
Sextant.count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many ?? `${one}s`}`;
Sextant.clear = element => { element.replaceChildren(); return element; };
Sextant.by = (items, key) => {
  const found = new Map();
  for (const item of items) {
    const its = key(item);
    if (!found.has(its)) found.set(its, []);
    found.get(its).push(item);
  }
  return found;
};

// A picture that the report's own maker drew.
Sextant.picture = text => {
  const drawn = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return drawn.nodeName === "svg" ? document.importNode(drawn, true) : null;
};

Sextant.button = (text, act, attributes) => Sextant.h("button", { type: "button", onclick: act, ...attributes }, text);

Sextant.copy = async (text, button) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = Sextant.h("textarea", { "aria-hidden": "true" }, text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const before = button.textContent;
  button.textContent = "copied";
  setTimeout(() => { button.textContent = before; }, 1500);
};

Sextant.download = (name, type, data) => {
  const address = URL.createObjectURL(new Blob([data], { type }));
  const link = Sextant.h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
};

// Plays come as scripts, since a page in a file may not fetch; in a single file their text is in the page.
const awaited = new Map();
const delivered = new Map();
Sextant.deliver = (key, text) => delivered.set(key, text);

Sextant.load = key => {
  if (!awaited.has(key)) {
    awaited.set(key, new Promise((resolve, reject) => {
      const inside = document.querySelector(`script[type="text/plain"][data-play="${CSS.escape(key)}"]`);
      if (inside) {
        resolve(Sextant.unpack(inside.textContent.trim()));
        return;
      }
      const script = Sextant.h("script", { src: `data/${encodeURIComponent(key)}.js` });
      script.addEventListener("load", () => resolve(Sextant.unpack(delivered.get(key) ?? "")));
      script.addEventListener("error", () => reject(new Error(`data/${key}.js is not beside this page`)));
      document.head.append(script);
    }));
  }
  return awaited.get(key);
};

// A play's text: base64 of a zlib stream of three parts (JSON, lines of events, packets), each after its length.
Sextant.unpack = async text => {
  const bytes = Uint8Array.from(atob(text), each => each.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const data = new Uint8Array(await new Response(stream).arrayBuffer());
  const view = new DataView(data.buffer);
  const parts = [];
  for (let at = 0; at + 4 <= data.length;) {
    const length = view.getUint32(at);
    parts.push(data.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const decoder = new TextDecoder();
  const told = JSON.parse(decoder.decode(parts[0]));
  const lines = decoder.decode(parts[1]).split("\n").filter(Boolean).flatMap(line => {
    try { return [JSON.parse(line)]; } catch { return []; }
  });
  return { ...told, lines, packets: parts[2] };
};
