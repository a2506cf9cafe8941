"use strict";
// What a cloud's document says, sentence by sentence, and what this run says of each.
Sextant.sentenceCells = (sentence, requirement) => {
  const own = (requirement?.checks ?? []).filter(check => check.cloud === sentence.cloud && (!check.sentences?.length || check.sentences.includes(sentence.id)));
  const judges = new Set((own.length ? own : (requirement?.checks ?? []).filter(check => !check.cloud)).map(check => check.test.replace(/^test_/, "").replaceAll("_", " ")));
  return (Sextant.run.byRequirement.get(requirement?.id) ?? []).filter(cell => judges.has(cell.question));
};

// What the run says of a sentence, grey where only a model of the suite was judged.
Sextant.spoken = sentence => ({ ...sentence, model: sentence.model_alone });

Sextant.cloudTable = () => {
  const { h, run } = Sextant;
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Clouds" }, h("table", { class: "clouds" },
    h("thead", {}, h("tr", {}, ["cloud", "document", "sentences wholly judged", "worst verdict of each sentence"].map(each => h("th", { scope: "col" }, each)))),
    h("tbody", {}, run.clouds.map(cloud => {
      const mine = run.sentences.filter(each => each.cloud === cloud.name);
      const testable = mine.filter(each => !each.not_testable);
      return h("tr", {}, h("th", { scope: "row" }, h("a", { href: Sextant.to("cloud", cloud.name) }, cloud.title)), h("td", {}, cloud.document),
        h("td", { class: "n" }, `${testable.filter(each => !each.unjudged.length).length} of ${testable.length}`),
        h("td", {}, testable.some(each => each.verdict) ? Sextant.tally(testable.filter(each => each.verdict).map(Sextant.spoken)) : "none was judged"));
    }))));
};

Sextant.pages.cloud = (main, [name]) => {
  const { h, run, front } = Sextant;
  const cloud = run.clouds.find(each => each.name === name);
  if (!cloud) { main.append(h("h1", {}, name), h("p", {}, "This report knows no such cloud.")); return; }
  const mine = run.sentences.filter(each => each.cloud === name);
  const testable = mine.filter(each => !each.not_testable);
  main.append(h("h1", {}, cloud.title, h("small", {}, " what its document says, by recorded evidence")),
    h("p", { class: "lead" }, `${testable.filter(each => !each.unjudged.length).length} of ${testable.length} sentences wholly judged`,
      mine.length > testable.length ? `, ${mine.length - testable.length} cannot be tested` : "", ": ", Sextant.tally(testable.filter(each => each.verdict).map(Sextant.spoken))),
    h("p", { class: "note" }, `${cloud.document}; the sentences are ours.`),
    h("nav", { class: "pages", "aria-label": "Clouds" }, run.clouds.map(each => [each === cloud ? h("b", {}, each.title) : h("a", { href: Sextant.to("cloud", each.name) }, each.title), " "])),
    front.section("stage", "The stage", cloud.picture ? h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Topology" }, Sextant.picture(cloud.picture))
      : h("p", { class: "note" }, "There is no topology of this name yet; its sentences are judged on others."),
    h("dl", { class: "facts" }, h("div", { class: "wide" }, h("dt", {}, "real"), h("dd", {}, cloud.real.join("; "))), h("div", { class: "wide" }, h("dt", {}, "modelled"), h("dd", {}, cloud.modelled.join("; ")))),
    h("p", { class: "note" }, "A model’s answer counts only where it must refuse. What it accepts is proved by traffic and by the kernels’ state.")));
  for (const [where, sentences] of Sextant.by(mine, each => each.where)) main.append(front.section("", where, sentences.map(line)));

  function line(sentence) {
    return h("article", { class: "sentence", id: sentence.id }, h("p", {}, h("small", { class: "id" }, sentence.id), " ", sentence.verdict ? Sextant.badge(Sextant.spoken(sentence)) : null, " ", sentence.text,
      sentence.model_alone ? h("span", { class: "note" }, " Rests on the suite’s own model alone.") : null,
      sentence.note ? h("span", { class: "note" }, ` ${sentence.note}`) : null),
    sentence.not_testable ? h("p", { class: "note" }, `cannot be tested: ${sentence.not_testable}`) : sentence.requirements.map(id => {
      const requirement = run.requirements.find(each => each.id === id);
      const cells = Sextant.sentenceCells(sentence, requirement);
      return h("div", { class: "judged" }, h("p", {}, h("a", { class: "id", href: Sextant.to("requirement", id) }, id), " ", h("span", { class: `level ${requirement?.level}` }, requirement?.level ?? ""), " ", h("span", { class: "text" }, requirement?.text ?? "")),
        cells.length ? h("ul", { class: "witnesses" }, [...Sextant.by(cells.sort(Sextant.worse), cell => Sextant.look(cell)).values()].map(group =>
          h("li", {}, Sextant.badge(group[0]), group.length > 1 ? ` ${group.length}× ` : " ", who(group)))) : h("p", { class: "note" }, "not judged in this run"));
    }));
  }
  function who(group) {
    const casts = [...Sextant.by(group, cell => [cell.program.name, cell.partners].filter(name => name && name !== "—").join(" + ") || cell.question)];
    const shown = casts.map(([cast, cells], number) => [number ? ", " : "", cells.length === 1 ? front.link(cells[0], cast)
      : [cast, " (", cells.map((cell, each) => [each ? ", " : "", front.link(cell, cell.situation || cell.question)]), ")"]]);
    return casts.length > 6 ? h("details", {}, h("summary", {}, `${casts.length} casts`), shown) : h("span", {}, shown);
  }
};
