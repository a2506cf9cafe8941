"use strict";
// Requirements × implementations: one table, families that open, and squares of several verdicts that unfold.
Sextant.matrix = (cells, chosen, bare = false) => {
  const { h } = Sextant;
  const holder = h("div", { class: "scroll matrix", tabindex: "0", role: "region", "aria-label": "Requirements and implementations" });
  const opened = new Set();
  const FEW = 400;
  const ROLES = ["guest", "application", "requesting-router", "router", "dhcpv6-server", "relay"];
  const place = role => (ROLES.indexOf(role) + ROLES.length + 1) % (ROLES.length + 1);
  let shown = [];

  function draw(filters) {
    shown = cells.filter(Sextant.filters.matcher(filters));
    const columns = [...new Set(shown.map(cell => cell.program))].sort((one, other) =>
      place(one.role) - place(other.role) || one.role.localeCompare(other.role) || one.name.localeCompare(other.name));
    const families = Sextant.by(shown, cell => cell.requirement.family);
    const rows = new Set(shown.map(cell => cell.requirement.id)).size;
    const order = [...Object.keys(Sextant.run.families), ...families.keys()];
    const sorted = [...families].sort((one, other) => order.indexOf(one[0]) - order.indexOf(other[0]));
    const open = rows * Math.min(columns.length, 30) <= FEW;
    Sextant.clear(holder).append(table(columns, sorted, open));
    const output = form?.querySelector("output");
    if (output) output.textContent = `${Sextant.count(shown.length, "verdict")} on ${Sextant.count(rows, "requirement")}`;
  }

  function table(columns, families, open) {
    const roles = [...Sextant.by(columns, each => each.role)];
    const first = new Set(roles.map(([, those]) => those[0]));
    return h("table", {},
      h("thead", {},
        h("tr", { class: "roles" }, h("th", { class: "corner" }), h("th", { class: "reference" }), roles.map(([role, those]) => h("th", { scope: "colgroup", colspan: those.length, class: "first" }, h("span", {}, role)))),
        h("tr", { class: "names" }, h("th", { scope: "col", class: "corner" }, "requirement"), h("th", { scope: "col", class: "reference" }, "tested elsewhere as"), columns.map(each =>
          h("th", { scope: "col", class: first.has(each) ? "first" : null }, h("a", { href: Sextant.to("program", each.key), title: `${each.name} as ${each.role}` }, each.name))))),
      families.map(([family, its]) => familyBody(family, its, columns, first, open)));
  }

  function familyBody(family, its, columns, first, open) {
    const title = Sextant.run.families[family] ?? family;
    const body = h("tbody", {});
    const rows = Sextant.by(its, cell => cell.requirement.id);
    const by = Sextant.by(its, cell => cell.program.key);
    const toggle = h("button", { type: "button", "aria-expanded": "false", class: "fold" }, `${title} `, h("small", {}, Sextant.count(rows.size, "requirement")));
    const sum = each => {
      const mine = (by.get(each.key) ?? []).filter(cell => !cell.model);
      if (!mine.length) return h("td", { class: first.has(each) ? "first" : null });
      const worst = mine.reduce((one, other) => (Sextant.worse(one, other) <= 0 ? one : other));
      const number = mine.filter(cell => cell.verdict === worst.verdict && cell.known === worst.known).length;
      return h("td", { class: first.has(each) ? "first" : null }, h("span", { class: `tile ${Sextant.look(worst)}`, title: `${each.name}: ${Sextant.counted(mine).map(([word, count]) => `${count} ${word}`).join(", ")}` },
        h("b", { "aria-hidden": "true" }, Sextant.symbols[worst.verdict]), worst.verdict === "pass" ? "" : number, h("span", { class: "sr" }, ` ${Sextant.word(worst)}`)));
    };
    body.append(h("tr", { class: "family" }, h("th", { scope: "rowgroup" }, toggle), elsewhere([]), columns.map(sum)));
    const show = state => {
      toggle.setAttribute("aria-expanded", state);
      if (state) opened.add(family); else opened.delete(family);
      while (body.rows.length > 1) body.rows[1].remove();
      if (state) {
        const sorted = [...rows.values()].sort((one, other) => one[0].requirement.id.localeCompare(other[0].requirement.id, "en", { numeric: true }));
        body.append(...sorted.flatMap(mine => requirementRows(mine, columns, first)));
      }
    };
    toggle.addEventListener("click", () => show(toggle.getAttribute("aria-expanded") !== "true"));
    if (open || opened.has(family)) show(true);
    return body;
  }

  function requirementRows(mine, columns, first) {
    const { requirement } = mine[0];
    const head = h("th", { scope: "row" }, h("a", { class: "id", href: Sextant.to("requirement", requirement.id) }, requirement.id), " ",
      h("span", { class: `level ${requirement.level}` }, requirement.level), " ", h("span", { class: "text", title: requirement.text }, requirement.text));
    const found = [row(head, Sextant.references(requirement), mine, columns, first)];
    const parts = (requirement.parts ?? []).filter(part => mine.some(cell => cell.part === part.id));
    for (const part of parts) {
      const partHead = h("th", { scope: "row", class: "part" }, h("span", { class: "id" }, part.id), " ", h("span", { class: "text", title: part.text }, part.text));
      found.push(row(partHead, part.reference ?? [], mine.filter(cell => cell.part === part.id), columns, first, "part"));
    }
    return found;
  }

  // A column with the numbers of the same test in IPv6 Ready and USGv6, shown when it is asked for.
  const elsewhere = references => h("td", { class: "reference" }, references.join(", "));

  function row(head, references, mine, columns, first, kind = "") {
    const by = Sextant.by(mine, cell => cell.program.key);
    const made = h("tr", { class: kind }, head, elsewhere(references));
    for (const each of columns) {
      const here = (by.get(each.key) ?? []).sort(Sextant.worse);
      made.append(h("td", { class: first.has(each) ? "first" : null }, here.length ? square(here, each, made) : null));
    }
    return made;
  }

  // The worst verdict of a square. One leads to its page, several unfold below the row.
  function square(here, program, row) {
    const worst = here[0];
    const face = [h("b", { "aria-hidden": "true" }, Sextant.symbols[worst.verdict]), here.length > 1 ? h("i", {}, here.length) : "",
      h("span", { class: "sr" }, `${worst.requirement.id} ${program.name}: ${Sextant.word(worst)}${here.length > 1 ? `, the worst of ${here.length}` : ""}`)];
    const title = `${program.name}: ${Sextant.counted(here).map(([word, count]) => `${count} ${word}`).join(", ")}`;
    if (here.length === 1) return h("a", { class: `tile ${Sextant.look(worst)}`, href: Sextant.to("cell", worst.anchor), title }, face);
    const button = h("button", { type: "button", class: `tile ${Sextant.look(worst)}`, "aria-expanded": "false", title }, face);
    button.addEventListener("click", () => {
      const wasOpen = button.getAttribute("aria-expanded") === "true";
      row.querySelectorAll("[aria-expanded=true]").forEach(each => each.setAttribute("aria-expanded", "false"));
      if (row.nextSibling?.classList.contains("unfolded")) row.nextSibling.remove();
      if (wasOpen) return;
      button.setAttribute("aria-expanded", "true");
      row.after(h("tr", { class: "unfolded" }, h("td", { colspan: row.cells.length }, h("div", { class: "inner" },
        h("strong", {}, `${worst.requirement.id} ${program.name}`), h("ul", {}, here.map(cell =>
          h("li", {}, h("a", { href: Sextant.to("cell", cell.anchor) }, Sextant.badge(cell), " ", cell.question), " ", h("span", { class: "told" }, Sextant.told(cell)), " ", h("small", {}, cell.reason))))))));
    });
    return button;
  }

  const form = bare ? null : Sextant.filters.form(chosen, draw);
  const tools = h("p", { class: "tools" }, Sextant.button("open all", () => { holder.querySelectorAll(".fold[aria-expanded=false]").forEach(each => each.click()); }), " ",
    Sextant.button("close all", () => { holder.querySelectorAll(".fold[aria-expanded=true]").forEach(each => each.click()); }), " ",
    h("label", {}, h("input", { type: "checkbox", onchange: event => holder.classList.toggle("references", event.target.checked) }), " tested elsewhere"), " ",
    Sextant.button("copy as Markdown", event => Sextant.copy(Sextant.export.markdown(shown), event.target)), " ",
    Sextant.button("copy as CSV", event => Sextant.copy(Sextant.export.csv(shown), event.target)));
  draw(chosen);
  return h("section", { id: "matrix" }, h("h2", {}, "Requirements × implementations"), form, tools, holder);
};
