"use strict";
// The cells of the run, as objects, out of the compact rows of data/index.js.
Sextant.index = told => {
  const KNOWN = 1, STALE = 2, DECLINED = 4, MODEL = 8;
  const requirements = told.requirements.map(each => ({ ...each, known: true }));
  const strange = { id: "suite", level: "", family: "not in the catalogue", role: "", source: "", clouds: [], checks: [],
    text: "No requirement of the catalogue: something broke outside the checks.", known: false };
  const programs = told.programs.map(([role, name, versions]) => ({ role, name, versions, key: `${role}/${name}` }));
  const cells = told.cells.map(row => ({
    anchor: row[0],
    requirement: requirements[row[1]] ?? strange,
    part: row[2] ?? null,
    program: programs[row[3]],
    question: told.questions[row[4]],
    situation: told.situations[row[5]],
    partners: told.partners[row[6]],
    cloud: row[7],
    verdict: told.verdicts[row[8]],
    reason: row[9] < 0 ? "" : told.reasons[row[9]],
    play: told.plays[row[10]],
    known: Boolean(row[11] & KNOWN),
    stale: Boolean(row[11] & STALE),
    declined: Boolean(row[11] & DECLINED),
    model: Boolean(row[11] & MODEL),
  }));
  for (const cell of cells) {
    cell.said = [cell.requirement.id, cell.requirement.text, cell.question, cell.situation, cell.partners,
      cell.program.name, cell.program.role, cell.cloud ?? "", cell.reason, cell.part ?? ""].join(" ").toLowerCase();
  }
  Sextant.run = { ...told, requirements, programs, cells, byAnchor: new Map(cells.map(cell => [cell.anchor, cell])),
    byRequirement: Sextant.by(cells, cell => cell.requirement.id), byProgram: Sextant.by(cells, cell => cell.program.key) };
};

// A cell in words: what was asked, in which situation, with whom.
Sextant.told = cell => [cell.situation, cell.partners && `with ${cell.partners}`, cell.cloud && `in ${cell.cloud}`]
  .filter(Boolean).join(", ");
Sextant.rfc = requirement => (/RFC (\d+)/.exec(requirement.source) ?? [])[1];
// The section of the first RFC that a source names, at the RFC Editor's.
Sextant.rfcLink = source => {
  const found = /RFC (\d+)(?:[^§\d]{0,12}(?:§|sections? )\s*([\d.]*\d))?/i.exec(source);
  return found && `https://www.rfc-editor.org/rfc/rfc${found[1]}${found[2] ? `#section-${found[2]}` : ""}`;
};
Sextant.source = text => {
  const address = Sextant.rfcLink(text);
  return address ? Sextant.h("a", { href: address, rel: "noreferrer" }, text) : Sextant.linked(text);
};
Sextant.to = (kind, name) => `#/${kind}/${name.split("/").map(encodeURIComponent).join("/")}`;

// Where other suites (IPv6 Ready, USGv6) judge the same, of a requirement and of its parts.
Sextant.references = (requirement, part) => [...new Set((requirement.parts ?? []).filter(each => !part || each.id === part).flatMap(each => each.reference ?? []))];
