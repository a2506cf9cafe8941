"use strict";
// How verdicts look and read: a shape and a word each, so that none is told by its colour alone.
Sextant.symbols = {
  pass: "✓", fail: "✗", warn: "▲", inconclusive: "?", "not-applicable": "–", "not-run": "○", error: "‼", flaky: "≈",
};
Sextant.meanings = {
  pass: "judged, with evidence",
  fail: "a MUST or PLATFORM requirement is violated; “known” where the deviation is listed with its source",
  warn: "a SHOULD is violated",
  error: "the suite or a program broke: nothing is known",
  flaky: "repeated plays disagree",
  inconclusive: "the stimulus did not take place, or the machine was too late to tell",
  "not-run": "too slow for an ordinary run, or a program that is not installed",
  "not-applicable": "the implementation says, with a source, that it lacks the feature",
};
// Which of several verdicts a square shows: failures, then what is doubtful, then what passes; what nobody judged last.
Sextant.rank = ["fail", "error", "warn", "flaky", "inconclusive", "pass", "not-run", "not-applicable"];
Sextant.telling = new Set(["fail", "error", "warn", "flaky", "inconclusive", "pass"]);
Sextant.alarming = new Set(["fail", "error", "warn", "flaky", "inconclusive"]);

Sextant.worse = (one, other) => Sextant.weight(one) - Sextant.weight(other);
// A known failure is quiet: it stands behind what is new and doubtful, before what passes.
Sextant.weight = cell => {
  const place = Sextant.rank.indexOf(cell.verdict);
  return cell.known && !cell.stale ? 4.5 + place / 10 : cell.stale ? 0.5 : place;
};

Sextant.badge = (cell, text) => Sextant.h("span", { class: `v ${Sextant.look(cell)}` },
  Sextant.h("b", { "aria-hidden": "true" }, Sextant.symbols[cell.verdict]), " ", text ?? Sextant.word(cell));
Sextant.word = cell =>
  cell.verdict + (cell.stale ? " (no longer deviates)" : cell.known ? " (known)" : "") + (cell.model ? " (model)" : "");
Sextant.look = cell =>
  `${cell.verdict}${cell.known ? " known" : ""}${cell.stale ? " stale" : ""}${cell.model ? " model" : ""}`;
Sextant.counted = cells => Sextant.rank.map(word => [word, cells.filter(cell => cell.verdict === word).length])
  .filter(([, number]) => number);
// The counts in words; what is known is counted apart, since it is quiet.
Sextant.tally = cells => [...Sextant.by([...cells].sort(Sextant.worse), Sextant.look).values()].map((those, place) =>
  [place ? " " : "", Sextant.badge(those[0], `${those.length.toLocaleString("en")} ${Sextant.word(those[0])}`)]);

// Seconds, as one reads them.
Sextant.seconds = value => {
  const size = Math.abs(value);
  if (!size) return "0 s";
  if (size < 0.0005) return `${(value * 1e6).toFixed(0)} µs`;
  if (size < 1) return `${(value * 1e3).toFixed(size < 0.01 ? 2 : size < 0.1 ? 1 : 0)} ms`;
  if (size < 120) return `${value.toFixed(size < 10 ? 2 : 1)} s`;
  return size < 7200 ? `${(value / 60).toFixed(0)} min` : `${(value / 3600).toFixed(1)} h`;
};
// A measured number without false precision.
Sextant.number = value => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4))));
