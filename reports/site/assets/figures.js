"use strict";
// Figures as plots: each point one measurement, each a link to its cell. They describe, and set no limit; where a
// document sets one, it is drawn.
Sextant.bounds = {
  "wait 1": [1, 1.1, "RFC 8415 §15: SOL_TIMEOUT 1 s, up to 10 % more"], "wait 2": [1.9, 2.31, "RFC 8415 §15: twice the last, ± 10 %"],
  "wait 3": [3.61, 4.851, "RFC 8415 §15: twice the last, ± 10 %"], "connection attempt delay": [0.1, 2, "RFC 8305 §5: 100 ms to 2 s, 250 ms recommended"],
  "first Router Solicitation after link up": [0, 1, "RFC 4861 §6.3.7: MAX_RTR_SOLICITATION_DELAY, 1 s"],
  "first Solicit on eth0": [0, 1, "RFC 8415 §18.2.1: SOL_MAX_DELAY, 1 s"], "longest delay of a proxy's answer": [0, 1, "RFC 4861 §10: RETRANS_TIMER, 1 s"],
};

Sextant.plots = figures => {
  const { h, svg, run } = Sextant;
  const byPlay = Sextant.by(run.cells, cell => cell.play);
  const cellOf = ([, , , , requirement, play]) => { const mine = byPlay.get(play) ?? []; return mine.find(cell => cell.requirement.id === requirement) ?? mine[0]; };
  const label = who => [...new Set(Object.values(who))].join(" + ");
  const WIDTH = 900, LEFT = 270, RIGHT = 70, LINE = 20;

  function ticks(low, high) {
    const rough = (high - low) / 6 || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(each => each * power).find(each => each >= rough);
    const found = [];
    for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-6; at += step) found.push(Number(at.toPrecision(12)));
    return found;
  }
  const median = values => { const sorted = [...values].sort((one, other) => one - other); const half = sorted.length >> 1; return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2; };

  function plot(name, unit, points) {
    const rows = [...Sextant.by(points, point => label(point[3]))].sort((one, other) => median(one[1].map(each => each[2])) - median(other[1].map(each => each[2])));
    const bound = Sextant.bounds[name];
    const values = [...points.map(point => point[2]), ...(bound ? bound.slice(0, 2) : [0])];
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = (high - low || Math.abs(high) || 1) * 0.04;
    const [from, to] = [low < 0 ? low - room : Math.max(0, low - room), high + room];
    const x = value => LEFT + ((value - from) / (to - from || 1)) * (WIDTH - LEFT - RIGHT);
    const height = 34 + rows.length * LINE + 12;
    const written = value => (unit === "s" ? Sextant.seconds(value) : `${Sextant.number(value)} ${unit}`);
    const picture = svg("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, role: "group", "aria-label": `${name}, ${points.length} measurements of ${rows.length} casts` });
    if (bound) picture.append(svg("rect", { class: "bound", x: x(bound[0]), width: Math.max(2, x(bound[1]) - x(bound[0])), y: 22, height: height - 30 }, svg("title", {}, bound[2])));
    for (const tick of ticks(from, to)) picture.append(svg("line", { class: "grid", x1: x(tick), x2: x(tick), y1: 22, y2: height - 8 }), svg("text", { class: "tick", x: x(tick), y: 14 }, written(tick)));
    rows.forEach(([who, its], number) => {
      const y = 34 + number * LINE;
      const middle = median(its.map(each => each[2]));
      picture.append(svg("text", { class: "row", x: LEFT - 12, y: y + 4 }, who.length > 40 ? `${who.slice(0, 39)}…` : who), svg("line", { class: "rule", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }),
        svg("line", { class: "median", x1: x(middle), x2: x(middle), y1: y - 7, y2: y + 7 }), svg("text", { class: "value", x: WIDTH - RIGHT + 8, y: y + 4 }, written(middle)));
      for (const point of its) {
        const cell = cellOf(point);
        const told = `${who}: ${written(point[2])}`;
        const dot = svg("circle", { cx: x(point[2]), cy: y, r: 4.2, class: bound && (point[2] < bound[0] || point[2] > bound[1]) ? "outside" : null }, svg("title", {}, told));
        picture.append(cell ? svg("a", { href: Sextant.to("cell", cell.anchor), "aria-label": told }, dot) : dot);
      }
    });
    return h("figure", { class: "plotted" }, h("figcaption", {}, h("b", {}, name), ` (${unit}), ${Sextant.count(points.length, "measurement")}`,
      bound ? h("small", {}, `; the band: ${bound[2]}`) : "", points[0][4] ? [" ", h("a", { href: Sextant.to("requirement", points[0][4]) }, points[0][4])] : ""),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, picture));
  }
  return [...Sextant.by(figures, each => `${each[0]}\n${each[1]}`).values()].map(points => plot(points[0][0], points[0][1], points));
};

Sextant.pages.figures = main => {
  const { h, run } = Sextant;
  main.append(h("h1", {}, "Figures"), h("p", { class: "note" }, "Measured, not judged: they describe, and set no limit. A point is one measurement and leads to its cell; the bar is the median of its row, the number beside it says it."));
  const several = run.figures.length ? Sextant.plots(run.figures) : [h("p", {}, "Nothing was measured in this run.")];
  main.append(...several.sort((one, other) => (other.querySelectorAll?.("circle").length ?? 0) - (one.querySelectorAll?.("circle").length ?? 0)));
};

// How the verdicts of runs of the same selection went, night by night.
Sextant.trend = () => {
  const { h, svg, run } = Sextant;
  const runs = run.trend ?? [];
  if (runs.length < 2) return null;
  const WIDTH = 640, HEIGHT = 90;
  const most = Math.max(1, ...runs.map(each => each.bad));
  const x = number => 8 + (number / (runs.length - 1)) * (WIDTH - 16), y = value => HEIGHT - 16 - (value / most) * (HEIGHT - 30);
  const line = key => runs.map((each, number) => `${number ? "L" : "M"}${x(number).toFixed(1)} ${y(each[key]).toFixed(1)}`).join("");
  return h("figure", { class: "trend" }, h("figcaption", {}, `The last ${runs.length} runs of this selection: verdicts that are not right (`, h("b", { class: "bad" }, "all"), ", ", h("b", { class: "new" }, "not listed"), ")"),
    svg("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, role: "img", "aria-label": runs.map(each => `${each.started}: ${each.bad}`).join(", ") },
      svg("path", { class: "bad", d: line("bad") }), svg("path", { class: "new", d: line("fresh") }),
      runs.map((each, number) => svg("circle", { cx: x(number), cy: y(each.bad), r: 3 }, svg("title", {}, `${each.started}: ${each.bad} not right, ${each.fresh} of them not listed`))),
      svg("text", { x: 8, y: HEIGHT - 2 }, runs[0].started.slice(0, 10)), svg("text", { class: "end", x: WIDTH - 8, y: HEIGHT - 2 }, runs.at(-1).started.slice(0, 10))));
};
