"use strict";
// Kernel state: rows in few words, and what differs between two moments.
Sextant.state = (() => {
  const { h } = Sextant;
  const lifetime = value => (value === 4294967295 ? "forever" : `${value} s`);
  const row = (kind, it) => {
    if (kind === "address") {
      return `${it.local ?? it.address ?? ""}/${it.prefixlen}${it.flags?.length ? ` ${it.flags.join(" ")}` : ""}${it.valid_life_time === undefined ? "" : `, valid ${lifetime(it.valid_life_time)}`}`;
    }
    if (kind === "route") {
      return `${it.type && it.type !== "unicast" ? `${it.type} ` : ""}${it.dst}${it.gateway ? ` via ${it.gateway}` : ""}${it.protocol ? ` proto ${it.protocol}` : ""}${it.expires ? `, expires ${it.expires} s` : ""}`;
    }
    if (kind === "neighbor") return `${it.dst} ${it.lladdr ?? ""} ${(it.state ?? []).join(" ")}${it.router ? " router" : ""}`;
    if (kind === "link") return `${it.ifname} ${it.operstate ?? ""} MTU ${it.mtu ?? "?"}`;
    return JSON.stringify(it);
  };
  const where = it => it.ifname ?? it.dev ?? "";
  // What tells one row from another; the rest of a row may change.
  const identity = (kind, it) => ({
    address: `${it.local}/${it.prefixlen} ${it.ifname}`, route: `${it.family} ${it.table} ${it.type} ${it.dst} ${it.gateway ?? ""} ${it.dev}`,
    neighbor: `${it.dst} ${it.dev}`, link: it.ifname,
  }[kind] ?? JSON.stringify(it));
  const dull = (kind, it) => where(it) === "lo" || (kind === "route" && (it.table === "local" || it.dst === "ff00::/8"));

  function difference(before, after) {
    const found = [];
    for (const kind of ["link", "address", "route", "neighbor"]) {
      const rows = tables => new Map((tables?.[kind] ?? []).filter(it => !dull(kind, it)).map(it => [identity(kind, it), it]));
      const [old, fresh] = [rows(before), rows(after)];
      for (const [key, it] of fresh) {
        const same = old.get(key);
        const [now, then] = [row(kind, it), same && row(kind, same)];
        found.push({ kind, where: where(it), sign: !before ? " " : !same ? "+" : now === then ? " " : "~", text: now, then });
      }
      for (const [key, it] of old) if (!fresh.has(key)) found.push({ kind, where: where(it), sign: "-", text: row(kind, it) });
    }
    const settings = after?.sysctl ?? {};
    for (const [name, value] of Object.entries(settings)) {
      const then = before?.sysctl?.[name];
      if (before && then !== value) found.push({ kind: "sysctl", where: "", sign: then === undefined ? "+" : "~", text: `${name} = ${value}`, then: then === undefined ? "" : `${name} = ${then}` });
    }
    return found;
  }

  const WORDS = { "+": "added", "-": "gone", "~": "changed", " ": "as before" };
  function table(before, after) {
    const rows = difference(before?.tables, after.tables);
    const shown = before ? rows.filter(each => each.sign !== " ") : rows;
    const title = before ? `${after.node}: from “${before.name}” (${before.time.toFixed(3)} s) to “${after.name}” (${after.time.toFixed(3)} s)`
      : `${after.node} at “${after.name}” (${after.time.toFixed(3)} s)`;
    return h("figure", { class: "state" }, h("figcaption", {}, title),
      shown.length ? h("table", {}, h("tbody", {}, shown.map(each => h("tr", { class: { "+": "added", "-": "gone", "~": "changed" }[each.sign] },
        h("th", { scope: "row", title: WORDS[each.sign] }, before ? each.sign : "", " ", each.kind), h("td", {}, each.where),
        h("td", {}, each.then ? [h("del", {}, each.then), " "] : null, each.text)))))
        : h("p", { class: "note" }, "nothing differs"));
  }

  // All that was noted of each node: the first moment as it was, each later one as a difference.
  function section(play) {
    const shots = play.moments.filter(each => each.what === "snapshot");
    if (!shots.length) return h("p", { class: "note" }, "No kernel state was noted in this play.");
    return [...Sextant.by(shots, each => each.node).values()].map(mine => mine.map((shot, number) => table(mine[number - 1], shot)));
  }
  return { row, section };
})();
