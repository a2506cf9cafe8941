"use strict";
// Filters that combine, and that stand in the address: #/?level=MUST&program=dhcpcd&text=hop
Sextant.filters = (() => {
  const { h } = Sextant;
  const NAMES = ["level", "role", "cloud", "rfc", "verdict", "program", "text", "known", "requirement", "partner"];
  const read = () => {
    const query = location.hash.split("?")[1] ?? "";
    return Object.fromEntries([...new URLSearchParams(query)].filter(([name, value]) => NAMES.includes(name) && value));
  };
  const address = chosen => {
    const query = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value)).toString();
    return `#/${query && `?${query}`}`;
  };
  const matcher = chosen => {
    const words = (chosen.text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    return cell =>
      (!chosen.level || cell.requirement.level === chosen.level) &&
      (!chosen.role || cell.program.role === chosen.role) &&
      (!chosen.cloud || cell.cloud === chosen.cloud || cell.requirement.clouds.includes(chosen.cloud)) &&
      (!chosen.rfc || Sextant.rfc(cell.requirement) === chosen.rfc) &&
      (!chosen.verdict || (chosen.verdict === "attention" ? Sextant.alarming.has(cell.verdict) : cell.verdict === chosen.verdict)) &&
      (!chosen.known || (chosen.known === "new") === !cell.known) &&
      (!chosen.program || cell.program.name === chosen.program) &&
      (!chosen.partner || chosen.partner === cell.partners) &&
      (!chosen.requirement || cell.requirement.id === chosen.requirement) &&
      words.every(word => cell.said.includes(word));
  };
  const choice = (name, label, options, chosen) => h("label", {}, `${label} `,
    h("select", { name }, h("option", { value: "" }, "all"), options.map(option => {
      const [value, text] = Array.isArray(option) ? option : [option, option];
      return h("option", { value, selected: chosen[name] === value }, text);
    })));
  const form = (chosen, changed) => {
    const { cells, clouds } = Sextant.run;
    const every = key => [...new Set(cells.map(key).filter(Boolean))].sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
    const made = h("form", { class: "filters", role: "search", "aria-label": "Filter the matrix" },
      choice("verdict", "verdict", [["attention", "needs attention"], ...Sextant.rank.filter(word => cells.some(cell => cell.verdict === word))], chosen),
      choice("known", "deviation", [["new", "new only"], ["known", "known only"]], chosen),
      choice("level", "level", every(cell => cell.requirement.level), chosen),
      choice("role", "role", every(cell => cell.program.role), chosen),
      choice("program", "program", every(cell => cell.program.name), chosen),
      choice("cloud", "cloud", clouds.map(cloud => [cloud.name, cloud.title]), chosen),
      choice("rfc", "RFC", every(cell => Sextant.rfc(cell.requirement)), chosen),
      h("label", {}, "text ", h("input", { type: "search", name: "text", value: chosen.text ?? "", placeholder: "any words; press /" })),
      h("button", { type: "reset" }, "show all"),
      h("output", { "aria-live": "polite" }));
    let pending;
    const take = () => {
      const fresh = Object.fromEntries(new FormData(made));
      // Only what is hidden from the form may have been set by a link.
      for (const name of ["requirement", "partner"]) fresh[name] = chosen[name];
      history.replaceState(null, "", address(fresh));
      changed(fresh);
    };
    made.addEventListener("input", () => { clearTimeout(pending); pending = setTimeout(take, 60); });
    made.addEventListener("submit", event => event.preventDefault());
    made.addEventListener("reset", event => {
      event.preventDefault();
      for (const field of made.elements) if (field.name) field.value = "";
      chosen = {};
      take();
    });
    return made;
  };
  return { read, address, matcher, form };
})();
