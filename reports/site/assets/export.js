"use strict";
// The cells that are shown, as Markdown or CSV.
Sextant.export = (() => {
  const HEAD = ["requirement", "level", "part", "role", "program", "with", "situation", "cloud", "verdict", "known", "reason", "tested elsewhere", "text"];
  const row = cell => [cell.requirement.id, cell.requirement.level, cell.part ?? "", cell.program.role, cell.program.name, cell.partners, cell.situation,
    cell.cloud ?? "", cell.verdict, cell.known ? "known" : "", cell.reason, Sextant.references(cell.requirement, cell.part).join(", "), cell.requirement.text];
  // A sheet must not take what a program said for a formula.
  const quoted = text => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const csv = cells => [HEAD, ...cells.map(row)].map(line => line.map(each => quoted(String(each))).join(",")).join("\r\n");
  const plain = text => String(text).replace(/[\\`*_{}[\]<>|#!]/g, "\\$&").replace(/\s+/g, " ");
  const markdown = cells => {
    const programs = [...new Set(cells.map(cell => cell.program.name))].sort();
    const rows = Sextant.by(cells, cell => cell.requirement.id);
    const square = those => (those?.length ? `${Sextant.symbols[those.sort(Sextant.worse)[0].verdict]}${those[0].known ? " (known)" : ""}` : "");
    const elsewhere = mine => [...new Set(mine.flatMap(cell => Sextant.references(cell.requirement, cell.part)))].join(", ");
    const line = fields => `| ${fields.join(" | ")} |`;
    return [line(["requirement", ...programs.map(plain), "tested elsewhere"]), `|---|${programs.map(() => "---|").join("")}---|`,
      ...[...rows].map(([id, mine]) => line([`${plain(id)} ${plain(mine[0].requirement.level)}`,
        ...programs.map(name => square(mine.filter(cell => cell.program.name === name))), plain(elsewhere(mine))]))].join("\n");
  };
  return { csv, markdown };
})();
