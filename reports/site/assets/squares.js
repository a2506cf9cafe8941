"use strict";
// Who works with whom: a square says first whether the two work (five marks), then how far they conform (a share).
Sextant.marks = {
  yes: ["●", "works"], partly: ["◐", "works in some ways of addressing only"], no: ["✗", "does not work"], untried: ["·", "was not tried"],
};
Sextant.lacks = {
  "address": "the guest gets no address", "default route": "the guest gets no default route", "reached from outside": "the guest is not reached from outside",
  "renewed": "the lease is not renewed", "released": "the lease is not given back",
};
Sextant.markOf = tally => (!tally ? "untried" : tally[0] === tally[1] ? "yes" : tally[0] ? "partly" : "no");

Sextant.squares = grid => {
  const { h } = Sextant;
  const place = (guest, network) => `#/pair/${encodeURIComponent(guest)}/${encodeURIComponent(network)}`;
  const square = (it, guest, network) => {
    if (!it) return h("td", { class: "empty" }, h("span", { class: "sr" }, "not played"));
    const states = it.marks.map(Sextant.markOf);
    const told = grid.marks.map((mark, number) => `${mark} ${Sextant.marks[states[number]][1]}`).join(", ");
    const share = it.judged ? it.passed / it.judged : null;
    const works = states.includes("no") ? "no" : states.includes("partly") ? "partly" : states.includes("yes") ? "yes" : "untried";
    return h("td", {}, h("a", { class: `square ${works}`, href: place(guest, network),
      "aria-label": `${guest} on ${network}: ${told}; ${share === null ? "nothing judged" : `${it.passed} of ${it.judged} judged cells pass`}`,
      title: `${guest} on ${network}\n${told}\n${it.passed} of ${it.judged} judged cells pass` },
      h("span", { class: "marks", "aria-hidden": "true" }, states.map(state => h("i", { class: state }, Sextant.marks[state][0]))),
      h("span", { class: "share", "--share": share ?? 0, "data-step": share === null ? "none" : Math.floor(share * 10) }, share === null ? "–" : `${Math.floor(share * 100)} %`)));
  };
  return Sextant.front.section("interop", "Who works with whom",
    h("p", { class: "note" }, `Five marks say whether a guest and a network work together: ${grid.marks.join(", ")} (`,
      Object.values(Sextant.marks).map(([sign, meaning], number) => [number ? ", " : "", h("b", {}, sign), ` ${meaning}`]),
      "). The number is the share of judged cells that pass."),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Who works with whom" },
      h("table", { class: "interop" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "guest"), grid.networks.map(network =>
          h("th", { scope: "col" }, network.split(" + ").map((each, number) => [number ? [h("br"), "+ "] : "", each]))))),
        h("tbody", {}, grid.guests.map((guest, row) => h("tr", {},
          h("th", { scope: "row" }, h("a", { href: Sextant.to("program", `guest/${guest}`) }, guest)), grid.networks.map((network, column) => square(grid.rows[row][column], guest, network))))))));
};

// Is this pair safe to ship? What works, what fails, and what is known of it.
Sextant.pages.pair = (main, [guest, network]) => {
  const { h, run, front } = Sextant;
  const { grid } = run;
  const it = grid?.rows[grid.guests.indexOf(guest)]?.[grid.networks.indexOf(network)];
  if (!it) { main.append(h("h1", {}, `${guest} on ${network}`), h("p", {}, "This run did not play this pair.")); return; }
  const both = new Set([guest, ...network.split(" + ")]);
  const same = (one, other) => one.size === other.size && [...one].every(each => other.has(each));
  const partners = cell => cell.partners.split(" + ").filter(Boolean);
  const ofGuest = cell => (cell.program.role === "guest" ? cell.program.name === guest : partners(cell).includes(guest));
  const cells = run.cells.filter(cell => !cell.cloud && !cell.model && same(new Set([cell.program.name, ...partners(cell)]), both) && ofGuest(cell));
  const states = it.marks.map(Sextant.markOf);
  const fresh = cells.filter(cell => Sextant.alarming.has(cell.verdict) && !cell.known && !["inconclusive", "flaky"].includes(cell.verdict));
  const doubtful = cells.filter(cell => ["inconclusive", "flaky"].includes(cell.verdict));
  const known = cells.filter(cell => cell.known && !cell.stale);
  const missing = grid.marks.filter((_, number) => states[number] === "no");
  const lacks = missing.map(mark => Sextant.lacks[mark]).join(", ");
  const broken = missing.some(mark => !["renewed", "released"].includes(mark));
  const together = states.every(each => each === "untried") ? "No play of theirs shows whether they work together" : "They work together";
  const verdict = broken ? `They do not work together: ${lacks}.`
    : missing.length ? `They work together, but ${lacks}.`
    : fresh.some(cell => cell.verdict === "fail" || cell.verdict === "error") ? `${together}, and break requirements that nobody has listed yet.`
    : known.some(cell => cell.verdict === "fail") ? `${together}; there are known deviations.`
    : doubtful.length ? `${together}; some verdicts are undecided.` : `${together}; they break nothing that was judged.`;
  main.append(h("h1", {}, guest, h("small", {}, " on "), network), h("p", { class: `lead ${missing.length ? "bad" : ""}` }, verdict),
    h("table", { class: "five" }, h("tbody", {}, grid.marks.map((mark, number) => {
      const [sign, meaning] = Sextant.marks[states[number]];
      const tally = it.marks[number];
      return h("tr", {}, h("th", { scope: "row" }, mark), h("td", { class: states[number] }, h("b", { "aria-hidden": "true" }, sign), ` ${meaning}`),
        h("td", {}, tally ? h("a", { href: Sextant.to("cell", tally[2]) }, `${tally[0]} of ${Sextant.count(tally[1], "play")}`) : ""));
    }))),
    h("p", {}, `${it.passed} of ${Sextant.count(it.judged, "judged cell")} pass. All verdicts: `, Sextant.tally(cells)),
    front.section("broken", "New failures", fresh.length ? front.findings(fresh) : h("p", {}, "None.")),
    known.length ? front.section("known", "Known deviations", front.findings(known)) : "",
    doubtful.length ? front.section("doubtful", "Undecided", front.findings(doubtful)) : "");
  main.append(Sextant.matrix(cells, {}, true));
};
