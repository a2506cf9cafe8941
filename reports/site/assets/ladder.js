"use strict";
// The ladder: nodes as life lines, time downwards, packets as arrows. Time is to scale only within a stretch: rows keep
// a distance that one can read, and long silences are folded and named.
Sextant.ladder = (() => {
  const { svg } = Sextant;
  const GUTTER = 92, INDENT = 112, MARGIN = 130, TOP = 60, START = 24, ROW = 30, FOLDED = 22, SILENCE = 1.2, PER_SECOND = 26, LETTER = 6.3;

  const short = (text, room) => {
    const most = Math.max(6, Math.floor(room / LETTER));
    return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
  };
  const fine = time => `${time.toFixed(3)} s`;

  // Where each row lies; time between rows is drawn to scale as far as there is room, and folded where it is long.
  function positions(rows) {
    let y = START;
    let before = null;
    const breaks = [];
    const points = [];
    for (const row of rows) {
      if (before !== null) {
        const gap = row.time - before.end;
        if (gap > SILENCE) {
          breaks.push({ y: y + 26, seconds: gap });
          y += 52;
        } else y += Math.max(row.moment?.what === "mark" ? ROW + 2 : row.folded || before.row.folded ? FOLDED + 6 : ROW, Math.min(gap * PER_SECOND, 34));
      }
      row.y = y;
      points.push([row.time, y]);
      before = { row, end: Math.max(row.time, row.until ?? row.time) };
    }
    const at = time => {
      if (!points.length || time <= points[0][0]) return points[0]?.[1] ?? START;
      for (let each = 1; each < points.length; each += 1) {
        const [[t0, y0], [t1, y1]] = [points[each - 1], points[each]];
        if (time <= t1) return t1 === t0 ? y1 : y0 + ((time - t0) / (t1 - t0)) * (y1 - y0);
      }
      return points.at(-1)[1] + Math.min((time - points.at(-1)[0]) * PER_SECOND, 60);
    };
    return { bottom: y + 64, breaks, at, last: points.at(-1)?.[0] ?? 0 };
  }

  function draw(play, options, act) {
    const rows = Sextant.ladderModel.rows(play, options);
    const used = new Set();
    for (const row of rows) {
      if (row.arrow) for (const node of [row.arrow.from, ...row.arrow.to.map(end => end.node)]) used.add(node);
      if (row.moment?.node && row.moment.what !== "mark") used.add(row.moment.node);
    }
    const nodes = play.nodes.filter(node => used.has(node));
    if (!nodes.length) return [Sextant.h("p", { class: "note" }, "No packet was recorded that bears on this verdict.")];
    const step = Math.max(165, Math.min(300, 470 / Math.max(1, nodes.length - 1)));
    const x = new Map(nodes.map((node, number) => [node, GUTTER + INDENT + number * step]));
    const width = GUTTER + INDENT + (nodes.length - 1) * step + MARGIN;
    const { bottom, breaks, at, last } = positions(rows);
    const picture = svg("svg", { class: "ladder", viewBox: `0 0 ${width} ${bottom}`, width, height: bottom, role: "group",
      "aria-label": `Ladder of ${nodes.length} nodes and ${rows.filter(row => row.arrow).length} packets` });
    picture.append(markers());

    const heads = svg("svg", { class: "ladder heads", viewBox: `0 0 ${width} ${TOP - 4}`, width, height: TOP - 4, "aria-hidden": "true" });
    for (const node of nodes) {
      const roles = play.roles.get(node) ?? [];
      const who = [...new Set(roles.map(role => play.programs[role]?.name).filter(Boolean))].join(" + ");
      heads.append(svg("g", { class: "node" },
        svg("rect", { x: x.get(node) - 78, y: 6, width: 156, height: 42, rx: 7 }),
        svg("text", { x: x.get(node), y: who ? 24 : 32, class: "name" }, short(node, 150)),
        who ? svg("text", { x: x.get(node), y: 40, class: "who" }, short(who, 150)) : null));
      picture.append(svg("line", { class: "life", x1: x.get(node), x2: x.get(node), y1: 0, y2: bottom - 8 }));
    }
    const shown = rows.filter(row => row.arrow).map(row => row.arrow);
    const bands = Sextant.bands.all(options.bands === "all" ? shown : shown.filter(each => each.cited), last, play.arrows);
    drawBands(picture, bands, x, at, last);
    for (const { y, seconds } of breaks) {
      picture.append(svg("g", { class: "silence" },
        svg("line", { x1: GUTTER - 8, x2: width - 12, y1: y, y2: y }),
        svg("text", { x: GUTTER - 14, y: y + 4 }, `${Sextant.seconds(seconds)} later`)));
    }
    const focusable = [];
    for (const row of rows) {
      const drawn = row.folded ? drawFolded(row, x, width, act) : row.arrow ? drawArrow(row, play, x, nodes, step, act) : drawMoment(row, x, width);
      if (row.arrow) focusable.push(drawn);
      picture.append(drawn);
    }
    walk(picture, focusable);
    return [heads, picture];
  }

  function markers() {
    const head = (id, name) => svg("marker", { id, class: name, viewBox: "0 0 8 8", refX: 7, refY: 4, markerUnits: "userSpaceOnUse", markerWidth: name === "head" ? 9 : 11, markerHeight: name === "head" ? 9 : 11, orient: "auto-start-reverse" },
      svg("path", { d: "M0 0 L8 4 L0 8 z" }));
    return svg("defs", {}, head("head", "head"), head("head-cited", "head cited"), head("head-deciding", "head deciding"));
  }

  function drawBands(picture, bands, x, at, last) {
    const lanes = new Map();
    for (const band of bands) {
      const place = x.get(band.node);
      if (place === undefined) continue;
      const from = at(band.from);
      if (band.to === null) {
        if (band.from > last + 3) continue;
        picture.append(svg("g", { class: "deadline" }, svg("title", {}, `${band.label}: ${band.source}`),
          svg("line", { x1: place - 14, x2: place + 14, y1: from, y2: from }),
          svg("text", { x: place + 18, y: from - 3 }, band.label)));
        continue;
      }
      const to = at(Math.min(band.to, last + 2));
      const lane = (lanes.get(band.node) ?? []).filter(end => end > from).length;
      lanes.set(band.node, [...(lanes.get(band.node) ?? []), to]);
      const left = place - 7 - Math.min(lane, 3) * 9;
      picture.append(svg("g", { class: `band ${band.tone}` }, svg("title", {}, `${band.label}: ${band.source} (${fine(band.from)} to ${fine(band.to)}${band.answered ? ", answered" : ""})`),
        svg("rect", { x: left, y: from, width: 8, height: Math.max(4, to - from), rx: 3 }),
        to - from > 22 && lane === 0 ? svg("text", { x: left - 4, y: from + 12, class: "left" }, band.label) : null));
    }
  }

  function drawArrow(row, play, x, nodes, step, act) {
    const { arrow, y } = row;
    const it = Sextant.dissect(arrow.frame.data);
    const state = arrow.deciding ? "deciding" : arrow.cited ? "cited" : "faint";
    const ends = arrow.everybody ? nodes.filter(node => node !== arrow.from) : arrow.to.map(end => end.node).filter(node => x.has(node));
    const from = x.get(arrow.from);
    const places = ends.map(node => x.get(node)).sort((one, other) => one - other);
    const marker = state === "faint" ? "url(#head)" : `url(#head-${state})`;
    const lines = [];
    let [left, right] = [from ?? places[0] - 60, from ?? places[0]];
    if (from === undefined) lines.push(svg("line", { x1: places[0] - 60, x2: places[0] - 2, y1: y, y2: y, "marker-end": marker, class: "lost" }));
    else if (!places.length) {
      const way = from > x.get(nodes[0]) ? -1 : 1;
      lines.push(svg("line", { x1: from, x2: from + way * 70, y1: y, y2: y, class: "lost" }),
        svg("text", { x: from + way * 78, y: y + 4, class: "cross" }, "×"));
      [left, right] = [Math.min(from, from + way * 70), Math.max(from, from + way * 70)];
    } else {
      for (const place of places) {
        lines.push(svg("line", { x1: from, x2: place + (place > from ? -2 : 2), y1: y, y2: y, "marker-end": marker }));
      }
      [left, right] = [Math.min(from, places[0]), Math.max(from, places.at(-1))];
    }
    const told = `${it.summary}${row.times ? `  ×${row.times} until ${fine(row.until)}` : ""}`;
    const room = Math.max(right - left, step) + (right - left < step ? 60 : -16);
    const label = right - left < 100 ? Math.max(left, 0) + 6 : (left + right) / 2;
    const where = arrow.to.length ? arrow.to.map(end => end.node).join(", ") : arrow.everybody ? "everybody" : "nobody";
    return svg("g", { class: `arrow ${state}`, tabindex: "-1", role: "button", "data-frame": arrow.numbers[0],
      onclick: event => act.packet(arrow, event.currentTarget),
      onkeydown: event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act.packet(arrow, event.currentTarget); } } },
      svg("title", {}, `${fine(arrow.time)}, ${arrow.deciding ? "it decides, " : ""}${arrow.from ?? "unseen"} to ${where}: ${told}\n${it.source} → ${it.target}, frame ${arrow.numbers.join(", ")}`),
      svg("rect", { class: "hit", x: 0, y: y - 18, width: Math.max(right + 20, GUTTER + 200), height: ROW - 4 }),
      svg("text", { "aria-hidden": "true", class: "time", x: GUTTER - 14, y: y + 4 }, arrow.time.toFixed(3)), lines,
      from !== undefined ? svg("circle", { class: "origin", cx: from, cy: y, r: 3 }) : null,
      svg("text", { "aria-hidden": "true", class: "label", x: label, y: y - 5, "text-anchor": right - left < 100 ? "start" : "middle" }, short(told, room)),
      arrow.deciding ? svg("text", { "aria-hidden": "true", class: "decides", x: right + 10, y: y + 4 }, "◀ decides") : null);
  }

  function drawMoment(row, x, width) {
    const { moment, y } = row;
    const state = moment.deciding ? "deciding" : moment.cited ? "cited" : "plain";
    if (moment.what === "mark") {
      return svg("g", { class: `step ${state}` }, svg("title", {}, `${fine(moment.time)}  ${moment.text}`),
        svg("text", { class: "time", x: GUTTER - 14, y: y + 4 }, moment.time.toFixed(3)),
        svg("line", { x1: GUTTER - 6, x2: width - 12, y1: y, y2: y }),
        svg("text", { class: "said", x: GUTTER, y: y - 4 }, short(moment.text, width - GUTTER - 20)));
    }
    const place = x.get(moment.node) ?? GUTTER;
    const shape = moment.what === "output" ? svg("path", { d: `M${place - 4} ${y - 5} h8 v10 h-8 z` })
      : svg("path", { d: `M${place} ${y - 6} l6 6 l-6 6 l-6 -6 z` });
    const said = moment.what === "output" ? `${moment.program}: ${moment.text}` : moment.text;
    return svg("g", { class: `moment ${moment.what} ${state}` }, svg("title", {}, `${fine(moment.time)}  ${said}`),
      svg("text", { class: "time", x: GUTTER - 14, y: y + 4 }, moment.time.toFixed(3)), shape,
      svg("text", { class: "said", x: place + 11, y: y + 4 }, short(said, width - place - 24)));
  }

  function drawFolded(row, x, width, act) {
    const kinds = [...Sextant.by(row.folded, each => Sextant.dissect(each.frame.data).kind || "other")].sort((one, other) => other[1].length - one[1].length);
    const told = `${Sextant.count(row.folded.length, "other packet")}: ${kinds.slice(0, 4).map(([kind, those]) => `${those.length} ${kind}`).join(", ")}${kinds.length > 4 ? ", …" : ""}`;
    return svg("g", { class: "folded", role: "button", tabindex: "0", "aria-label": `⋯ ${short(told, width - GUTTER - 60)}: show them`,
      onclick: () => act.unfold(row.folded), onkeydown: event => { if (event.key === "Enter") act.unfold(row.folded); } },
      svg("rect", { class: "hit", x: GUTTER, y: row.y - 11, width: width - GUTTER - 12, height: FOLDED, rx: 4 }),
      svg("text", { "aria-hidden": "true", x: GUTTER + 8, y: row.y + 4 }, `⋯ ${short(told, width - GUTTER - 60)}`));
  }

  // One stop for the tabulator; arrow keys go from packet to packet.
  function walk(picture, stops) {
    let here = Math.max(0, stops.findIndex(each => each.classList.contains("deciding")));
    if (stops[here]) stops[here].setAttribute("tabindex", "0");
    picture.addEventListener("keydown", event => {
      const way = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
      if (!way || !stops.length) return;
      event.preventDefault();
      const now = stops.indexOf(document.activeElement);
      const next = stops[Math.min(stops.length - 1, Math.max(0, (now < 0 ? here : now) + way))];
      stops[here].setAttribute("tabindex", "-1");
      here = stops.indexOf(next);
      next.setAttribute("tabindex", "0");
      next.focus();
    });
  }
  return { draw };
})();
