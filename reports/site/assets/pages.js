"use strict";
// A page for each requirement and for each implementation: all that this run knows of it.
Sextant.pages.requirement = (main, [id]) => {
  const { h, run, front } = Sextant;
  const it = run.requirements.find(each => each.id === id);
  if (!it) { main.append(h("h1", {}, id), h("p", {}, "The catalogue has no such requirement.")); return; }
  const cells = run.byRequirement.get(id) ?? [];
  const references = Sextant.references(it);
  const mutants = (it.checks ?? []).reduce((sum, check) => sum + check.mutants, 0);
  main.append(h("h1", {}, id, " ", h("span", { class: `level ${it.level}` }, it.level), " ", h("small", {}, run.families[it.family] ?? it.family)),
    h("p", { class: "lead" }, it.text),
    h("dl", { class: "facts" }, fact("owed by", it.role), fact("source", Sextant.source(it.source)),
      it.clouds.length ? fact("clouds", it.clouds.map((name, number) => [number ? ", " : "", h("a", { href: Sextant.to("cloud", name) }, name)])) : null,
      references.length ? fact("tested elsewhere", references.join(", ")) : null,
      fact("proved by", mutants ? `${Sextant.count(mutants, "mutant")} in ${Sextant.count(it.checks.length, "check")}` : "no check yet"),
      fact("verdicts", cells.length ? Sextant.tally(cells) : "none in this run")));
  if (it.parts?.length) {
    main.append(front.section("parts", "Parts", h("ol", { class: "parts" }, it.parts.map(part => h("li", {}, h("b", {}, part.id), " ", part.text, " ",
      h("small", {}, part.source ? Sextant.source(part.source) : "", part.reference?.length ? `; tested elsewhere: ${part.reference.join(", ")}` : "", (part.checks ?? []).length ? `; judged by ${part.checks.length}` : "; nothing judges it yet"), " ",
      Sextant.tally(cells.filter(cell => cell.part === part.id)))))));
  }
  const bad = cells.filter(cell => Sextant.alarming.has(cell.verdict) || cell.stale);
  main.append(front.section("violated", "Who violates it", bad.length ? byProgram(bad) : h("p", {}, cells.length ? "Nobody, as far as this run has seen." : "Nobody was judged in this run.")));
  const good = cells.filter(cell => cell.verdict === "pass");
  if (good.length) main.append(front.section("kept", "Who keeps it", byProgram(good)));
  if (it.checks?.length) {
    main.append(front.section("checks", "How it is judged", h("ul", { class: "checks" }, it.checks.map(check => h("li", {}, h("b", {}, check.test.replace(/^test_/, "").replaceAll("_", " ")),
      check.cloud ? ` in ${check.cloud}` : "", ` (${Sextant.count(check.mutants, "mutant")})`, check.specification ? h("p", {}, check.specification) : "",
      check.proofs?.length ? h("details", {}, h("summary", {}, "what it was shown to fail on"), h("ul", {}, check.proofs.map(each => h("li", {}, each)))) : "")))));
  }
  main.append(Sextant.matrix(cells, {}, true));

  function byProgram(those) {
    const parties = [...Sextant.by(those, cell => cell.program.key)].sort((one, other) => Sextant.worse(one[1][0], other[1][0]));
    // Parties of captures have no version; those of whom the same is said share a line.
    const same = ([key, mine]) => (mine[0].program.versions.some(Boolean) ? key : mine.map(cell => `${cell.verdict} ${front.alike(cell.reason)}`).join("\n"));
    return h("ul", { class: "findings" }, [...Sextant.by(parties, same).values()].map(([[key, mine], ...more]) =>
      h("li", {}, h("a", { class: "id", href: Sextant.to("program", key) }, mine[0].program.name), ` ${mine[0].program.versions.join(", ")} `, Sextant.tally(mine),
        more.length ? h("details", {}, h("summary", {}, `and ${more.length} more of whom the same is said`), h("p", {}, more.map(([each, its], number) =>
          [number ? ", " : "", h("a", { href: Sextant.to("program", each) }, its[0].program.name)]))) : null,
        h("ul", {}, front.groups(mine).slice(0, 30).map(group => h("li", {}, Sextant.badge(group[0]), group.length > 1 ? ` ${group.length}× ` : " ",
          some(group), " ", h("small", {}, group[0].reason)))))));
  }
  // All situations of which the same is said, up to a dozen.
  function some(group) {
    const links = group.slice(0, 12).map((cell, number) => [number ? ", " : "", front.link(cell, Sextant.told(cell) || cell.question)]);
    return group.length > 12 ? [links, ` and ${group.length - 12} more`] : links;
  }
  function fact(term, told) { return h("div", {}, h("dt", {}, term), h("dd", {}, told)); }
};

Sextant.pages.program = (main, [role, name]) => {
  const { h, run, front } = Sextant;
  const cells = run.byProgram.get(`${role}/${name}`) ?? [];
  const other = run.programs.filter(each => each.name === name && each.role !== role);
  const it = run.programs.find(each => each.key === `${role}/${name}`);
  const judged = cells.filter(cell => ["pass", "warn", "fail"].includes(cell.verdict) && !cell.model);
  const passed = judged.filter(cell => cell.verdict === "pass").length;
  const figures = run.figures.filter(([, , , who]) => who[role] === name);
  main.append(h("h1", {}, name, h("small", {}, ` ${it?.versions.join(", ") ?? ""} as ${role}`)),
    h("p", { class: "lead" }, judged.length ? `${passed} of ${Sextant.count(judged.length, "judged cell")} pass. ` : "Nothing was judged about it. ", Sextant.tally(cells)),
    other.length ? h("p", {}, "Also as ", other.map((each, number) => [number ? ", " : "", h("a", { href: Sextant.to("program", each.key) }, each.role)])) : "");
  const fresh = cells.filter(cell => Sextant.alarming.has(cell.verdict) && (!cell.known || cell.stale));
  const known = cells.filter(cell => cell.known && !cell.stale);
  main.append(front.section("broken", "New failures and doubts", fresh.length ? front.findings(fresh) : h("p", {}, "None.")));
  if (known.length) {
    const list = h("ul", { class: "findings" });
    main.append(front.section("known", "Known deviations", list));
    for (const [id, mine] of Sextant.by(known, cell => cell.requirement.id)) {
      const line = h("li", {}, Sextant.badge(mine[0]), " ", h("a", { class: "id", href: Sextant.to("requirement", id) }, id), ` ${mine.length > 1 ? `${mine.length}× ` : ""}`, mine[0].reason);
      list.append(line);
      Sextant.load(mine[0].play).then(loaded => {
        const source = loaded.cells[mine[0].anchor]?.known_deviation;
        const told = typeof source === "string" ? source : Sextant.ended([source?.versions && `versions ${source.versions}`, source?.reason, source?.source].filter(Boolean)).join(" ");
        line.append(h("div", { class: "who" }, Sextant.linked(told)));
      }, () => {});
    }
  }
  const declined = cells.filter(cell => cell.declined || cell.verdict === "not-applicable");
  if (declined.length) main.append(front.section("declined", "What it declines or lacks", front.findings(declined)));
  if (figures.length) main.append(front.section("figures", "Figures", Sextant.plots(figures)));
  main.append(Sextant.matrix(cells, {}, true));
};
