"use strict";
// The address says what is shown: #/ (with filters), #/cell/ANCHOR, #/requirement/ID, #/program/ROLE/NAME, #/cloud/NAME, ...
Sextant.start = () => {
  const { h, pages } = Sextant;
  const main = document.getElementById("main");
  const TITLE = document.title;
  let places = new Map();
  let shown = null;

  function route() {
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
    const [kind, ...names] = path.split("/").map(word => { try { return decodeURIComponent(word); } catch { return word; } });
    // An address of an older report named a cell alone.
    if (kind && !pages[kind] && Sextant.run.byAnchor.has(kind)) return ["cell", [kind], new URLSearchParams(query)];
    return [pages[kind] ? kind : "front", names, new URLSearchParams(query)];
  }

  function show() {
    if (location.hash === "#main") { main.focus(); return; }
    const [kind, names, query] = route();
    if (shown) places.set(shown, scrollY);
    const key = location.hash.split("?")[0];
    const back = shown !== null;
    shown = key;
    document.title = TITLE;
    document.getElementById("summary").hidden = kind !== "front";
    Sextant.clear(main);
    main.className = `page-${kind}`;
    const made = pages[kind](main, names, query);
    const title = main.querySelector("h1");
    if (title && kind !== "front" && kind !== "cell") document.title = `${title.textContent} · Sextant`;
    if (back && !query.has("frame")) {
      scrollTo(0, kind === "front" ? places.get(key) ?? 0 : 0);
      if (kind !== "front") main.focus({ preventScroll: true });
    }
    document.querySelectorAll("header nav a").forEach(link => {
      const here = link.getAttribute("href") === (key || "#/");
      if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    });
    Promise.resolve(made).then(() => { document.documentElement.dataset.ready = key || "#/"; });
  }

  pages.matrix = target => { target.append(h("h1", {}, "Requirements × implementations"), Sextant.matrix(Sextant.run.cells, Sextant.filters.read())); };
  pages.programs = target => {
    const rows = Sextant.run.programs.filter(each => each.name !== "—").sort((one, other) => one.role.localeCompare(other.role) || one.name.localeCompare(other.name));
    target.append(h("h1", {}, "Programs that took part"), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Programs" }, h("table", { class: "programs" },
      h("thead", {}, h("tr", {}, ["role", "program", "version", "verdicts about it"].map(each => h("th", { scope: "col" }, each)))),
      h("tbody", {}, rows.map(each => h("tr", {}, h("td", {}, each.role), h("th", { scope: "row" }, h("a", { href: Sextant.to("program", each.key) }, each.name)),
        h("td", {}, each.versions.join(", ")), h("td", {}, Sextant.tally(Sextant.run.byProgram.get(each.key) ?? []))))))));
  };

  addEventListener("hashchange", show);
  addEventListener("keydown", event => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.matches("input, select, textarea")) return;
    const field = main.querySelector(".filters [name=text]");
    if (field) { event.preventDefault(); field.focus(); field.closest("section").scrollIntoView(); }
  });
  addEventListener("beforeprint", () => main.querySelectorAll("#attention details, .change").forEach(each => { each.open = true; }));
  show();
};
