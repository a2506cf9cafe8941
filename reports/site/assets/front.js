"use strict";
// The first page: what changed, what needs attention, what was not seen, the clouds, the words.
Sextant.front = (() => {
  const { h } = Sextant;
  const MOST_NAMES = 24;
  const link = (cell, text) => h("a", { href: Sextant.to("cell", cell.anchor), title: cell.reason || cell.question }, text ?? name(cell));
  const name = cell => [cell.program.name, cell.partners && `with ${cell.partners}`].filter(Boolean).join(" ");
  // Numbers and addresses differ from cell to cell; what remains of a reason says whether two findings are the same.
  const alike = reason => reason.replace(/[0-9a-f]*:[0-9a-f:]+[0-9a-f](\/\d+)?/gi, "@").replace(/-?\d+(\.\d+)?/g, "#");

  function groups(cells) {
    return [...Sextant.by(cells, cell => [cell.requirement.id, cell.verdict, cell.known, cell.stale, alike(cell.reason)].join("\n")).values()]
      .sort((one, other) => Sextant.worse(one[0], other[0]) || one[0].requirement.id.localeCompare(other[0].requirement.id, "en", { numeric: true }));
  }

  function finding(cells) {
    const [first] = cells;
    const names = Sextant.by(cells, cell => cell.program.name);
    const few = cells.length <= 4;
    const counted = [...names].map(([program, its]) => `${program}${its.length > 1 ? ` ${its.length}×` : ""}`);
    // A capture may have a hundred parties of whom the same is said.
    const some = counted.length <= MOST_NAMES ? counted.join(", ") : `${counted.slice(0, 3).join(", ")} and ${counted.length - 3} more`;
    return h("li", {}, Sextant.badge(first), " ", h("a", { class: "id", href: Sextant.to("requirement", first.requirement.id) }, first.requirement.id), " ",
      cells.length > 1 ? h("b", { class: "times" }, `${cells.length}× `) : null, h("span", { class: "reason" }, first.reason || first.requirement.text), since(cells),
      h("div", { class: "who" }, few ? cells.map((cell, number) => [number ? ", " : "", link(cell), situation(cell)])
        : h("details", {}, h("summary", {}, some),
          h("ul", {}, cells.map(cell => h("li", {}, link(cell), situation(cell)))))));
  }
  const situation = cell => (cell.situation || cell.cloud ? h("small", {}, ` (${[cell.situation, cell.cloud].filter(Boolean).join(", ")})`) : null);
  const findings = cells => h("ul", { class: "findings" }, groups(cells).map(finding));

  const section = (id, title, ...content) => h("section", { id }, h("h2", {}, title), content);
  const quiet = (summary, build) => Sextant.later(h("details", { class: "quiet" }, h("summary", {}, summary)), build);

  const word = text => Sextant.badge({ verdict: text.replace("known ", ""), known: text.startsWith("known ") });
  // Since when a cell is not right, and whether it comes and goes.
  const since = cells => {
    const seen = cells.map(cell => Sextant.run.seen?.[cell.anchor]).filter(Boolean);
    if (!seen.length || (Sextant.run.trend ?? []).length < 2) return null;
    const first = seen.map(each => each[0]).sort()[0], often = Math.max(...seen.map(each => each[2]));
    return h("small", {}, ` since ${first.slice(0, 16).replace("T", " ")}${often > 1 ? `, comes and goes (${often} times)` : ""}`);
  };

  function changes() {
    const it = Sextant.run.changes;
    if (!it) return null;
    const { byAnchor } = Sextant.run;
    const line = (title, entries, tone) => entries.length && h("details", { class: `change ${tone}`, open: tone !== "fixed" && entries.length <= 12 },
      h("summary", {}, h("b", {}, entries.length), ` ${title}`),
      h("ul", {}, entries.slice(0, 200).map(([anchor, then, now]) => {
        const cell = byAnchor.get(anchor);
        return h("li", {}, then ? [word(then), " → "] : null, word(now), " ",
          cell ? [h("b", {}, cell.requirement.id), " ", link(cell), situation(cell), " ", h("small", {}, cell.reason)] : anchor);
      })));
    const lines = [line("worse than in the last run", it.worse, "worse"), line("new and not passing", it.new, "worse"), line("better", it.fixed, "fixed")].filter(Boolean);
    return section("changes", "What changed", h("p", { class: "note" }, `Since the run of ${it.since}: `,
      Sextant.count(it.same, "verdict is", "verdicts are"), " as before", it.added ? `, ${it.added} are of cells that it did not have` : "",
      it.gone ? `, ${it.gone} of its cells were not judged this time` : "", "."),
      lines.length ? lines : h("p", {}, "No verdict got worse, and none got better."), Sextant.trend());
  }

  function attention(cells) {
    const bad = cells.filter(cell => (Sextant.alarming.has(cell.verdict) || cell.stale) && !cell.model);
    const doubtful = bad.filter(cell => ["flaky", "inconclusive"].includes(cell.verdict));
    const known = bad.filter(cell => cell.known && !cell.stale && !doubtful.includes(cell));
    const loud = bad.filter(cell => !known.includes(cell) && !doubtful.includes(cell));
    const models = cells.filter(cell => cell.model && Sextant.alarming.has(cell.verdict));
    return section("attention", "What needs attention",
      loud.length ? findings(loud) : h("p", {}, "No new failure."),
      doubtful.length ? quiet(`${Sextant.count(doubtful.length, "doubtful verdict")}: not decided yet`, () => findings(doubtful)) : null,
      known.length ? quiet(`${Sextant.count(known.length, "known deviation")}: listed, each with its source`, () => findings(known)) : null,
      models.length ? quiet(`${Sextant.count(models.length, "verdict")} about models: not counted`, () => findings(models)) : null);
  }

  function unseen(cells) {
    const { run, requirements } = Sextant.run;
    const judged = new Set(cells.map(cell => cell.requirement.id));
    const list = those => h("ul", { class: "findings" }, those.map(each => h("li", {}, h("a", { class: "id", href: Sextant.to("requirement", each.id.split(".")[0]) }, each.id), " ",
      h("small", { class: "level" }, each.level), " ", each.text)));
    const lines = [];
    const add = (number, title, meaning, build) => number && lines.push(quiet([h("b", {}, number), ` ${title}: ${meaning}`], build));
    add(Math.max(0, (run.selected ?? 0) - cells.length), "stopped early", run.stopped ?? "cells that were asked for have no verdict", () => h("p", { class: "note" }, "They have no verdict."));
    const not = cells.filter(cell => cell.verdict === "not-run");
    add(not.length, "not run", "too slow for an ordinary run, or a program that is not installed", () => findings(not));
    const declined = cells.filter(cell => cell.declined);
    add(declined.length, "declined", "a program said, when it was started, that it does not play this", () => findings(declined));
    const of = test => requirements.filter(test);
    const unproved = of(each => (each.checks ?? []).some(check => check.mutants === 0));
    add(unproved.length, "unproved", "a check without a mutant: nobody has shown that it can fail", () => list(unproved));
    const asleep = of(each => each.checks?.length && !judged.has(each.id));
    add(asleep.length, "not selected", "a check exists, but this run did not ask for it", () => list(asleep));
    const none = of(each => each.checks && !each.checks.length && !judged.has(each.id));
    add(none.length, "without a check", "in the catalogue, but nothing judges it yet", () => list(none));
    const parts = requirements.flatMap(each => each.parts ?? []).filter(each => each.checks && !each.checks.length);
    add(parts.length, "parts without a check", "a requirement promises them, but nothing judges them yet", () => list(parts));
    return section("unseen", "What this run did not see", lines.length ? lines
      : h("p", {}, "Nothing was left out: every requirement of the catalogue has a proved check, and every cell was judged."));
  }

  const clouds = () => Sextant.run.clouds.length ? section("clouds", "What the clouds’ documents say", Sextant.cloudTable()) : null;
  const words = () => section("words", "What the words mean", h("dl", { class: "words" }, Sextant.rank.map(word =>
    [h("dt", {}, Sextant.badge({ verdict: word })), h("dd", {}, Sextant.meanings[word])])));

  return { changes, attention, unseen, clouds, words, findings, link, situation, section, quiet, groups, alike };
})();

// What is closed is built when it is opened for the first time.
Sextant.later = (details, build) => {
  details.addEventListener("toggle", () => {
    if (details.open && details.childNodes.length === 1) details.append(build());
  });
  return details;
};

Sextant.pages.front = main => {
  const { cells, grid } = Sextant.run;
  const chosen = Sextant.filters.read();
  const { front } = Sextant;
  const parts = [front.changes(), grid && Sextant.squares(grid), front.attention(cells), Sextant.matrix(cells, chosen), front.unseen(cells), front.clouds(), front.words()];
  main.append(...parts.filter(Boolean));
  if (Object.keys(chosen).length) document.getElementById("matrix").scrollIntoView();
};
