"use strict";
// The page of a cell: promised, done, seen against expected, the ladder, state, configurations, output, and how to see it again.
Sextant.pages.cell = async (main, [anchor], query) => {
  const { h, run } = Sextant;
  const cell = run.byAnchor.get(anchor);
  if (!cell) {
    main.append(h("h1", {}, "No such cell"), h("p", {}, "This run has no verdict of that address. ", h("a", { href: "#/" }, "All verdicts")));
    return;
  }
  const { requirement } = cell;
  main.append(h("article", { class: "cell", "aria-busy": "true" },
    h("h1", {}, h("a", { href: Sextant.to("requirement", requirement.id) }, requirement.id), " ", Sextant.badge(cell), " ",
      h("a", { class: "who", href: Sextant.to("program", cell.program.key) }, cell.program.name), " ", h("small", {}, Sextant.told(cell)))));
  const article = main.lastChild;
  let loaded;
  try {
    loaded = await Sextant.load(cell.play);
  } catch (error) {
    article.append(h("p", { class: "trouble" }, `The details cannot be shown: ${error.message}.`));
    return;
  } finally {
    article.removeAttribute("aria-busy");
  }
  const verdict = loaded.cells[anchor];
  const play = Sextant.play.open(loaded);
  Sextant.ladderModel.mark(play, verdict);
  article.append(Sextant.cellParts.story(cell, verdict, play), Sextant.cellParts.ladder(cell, verdict, play, query), ...Sextant.cellParts.rest(cell, verdict, play));
  document.title = `${requirement.id} ${cell.program.name}: ${verdict.verdict}`;
};

Sextant.cellParts = (() => {
  const { h } = Sextant;
  const DECIDED = { fail: "broken by", warn: "broken by", pass: "shown by" };

  function story(cell, verdict, play) {
    const { requirement } = cell;
    const part = (requirement.parts ?? []).find(each => each.id === cell.part);
    const parties = Object.entries(verdict.implementations).map(([role, each]) =>
      [h("a", { href: Sextant.to("program", `${role}/${each.name}`) }, each.name), ` ${each.version} as ${role}`]);
    const check = (requirement.checks ?? []).find(each => each.test === verdict.test.split("::").pop().split("[")[0]);
    const lines = [
      ["promised", [h("strong", {}, part?.text ?? requirement.text), h("br"), h("small", {}, [requirement.level, requirement.role].filter(Boolean).join(", "), "; ",
        Sextant.source(part?.source ?? requirement.source))]],
      ["done", [verdict.scenario ? [h("b", {}, verdict.scenario.replaceAll("-", " ")), situation(cell, play)] : "nothing was played",
        parties.length ? [" with ", parties.map((each, number) => [number ? ", " : "", each])] : "", cell.cloud ? ` in the ${cell.cloud} cloud` : "", steps(play)]],
      ["", h("div", { class: "sides" },
        h("div", {}, h("h3", {}, "expected"), h("p", {}, check?.specification ?? `It ${cell.question}.`)),
        h("div", {}, h("h3", {}, "seen"), h("p", {}, h("strong", { class: `said ${verdict.verdict}` }, verdict.reason)), known(verdict), history(cell)))],
      [DECIDED[verdict.verdict] ?? "cited", evidence(verdict, play)],
      ...(verdict.traceback?.length ? [["traceback", h("pre", { class: "traceback" }, verdict.traceback.map(each => `  File "${each.file}", line ${each.line}, in ${each.function}\n    ${each.text}\n`).join(""))]] : []),
      ["again", again(verdict, play)],
    ];
    return h("dl", { class: "story" }, lines.map(([term, told]) => [h("dt", {}, term), h("dd", {}, told)]));
  }

  // In which situation: the play's options where it has any, else what the cell's name says.
  function situation(cell, play) {
    if (play.capture) return ` ${play.capture}`;
    const options = Object.entries(play.head.play?.options ?? {}).filter(([, value]) => value !== null && value !== false && value !== "" && typeof value !== "object" && String(value).length < 60);
    const told = options.length ? options.map(([key, value]) => (value === true ? key : `${key} ${value}`).replaceAll("_", " ")).join(", ") : cell.situation;
    return told && told !== cell.situation.replace(/ /g, "-") ? ` (${told})` : cell.situation ? ` (${cell.situation})` : "";
  }

  function steps(play) {
    const marks = play.moments.filter(each => each.what === "mark");
    if (!marks.length) return null;
    return h("details", {}, h("summary", {}, `${Sextant.count(marks.length, "step")}, as they happened`),
      h("ol", { class: "steps" }, marks.map(each => h("li", {}, h("span", { class: "n" }, `${each.time.toFixed(3)} s`), " ", each.text))));
  }

  function known(verdict) {
    const it = verdict.known_deviation;
    if (!it) return null;
    const told = typeof it === "string" ? [it] : [[it.implementation, it.versions].filter(Boolean).join(" "), it.reason, it.source].filter(Boolean);
    return h("p", { class: "note" }, "Known deviation: ", Sextant.ended(told).map((each, number) => [number ? " " : "", Sextant.linked(each)]));
  }

  // Since when it has not been right, by the history file.
  function history(cell) {
    const seen = Sextant.run.seen?.[cell.anchor];
    if (!seen || (Sextant.run.trend ?? []).length < 2) return null;
    const [first, last, times] = seen;
    return h("p", { class: "note" }, `First seen ${first}, last ${last}${times > 1 ? `; it comes and goes: ${times} times so far` : ""}.`);
  }

  function evidence(verdict, play) {
    if (!verdict.evidence.length) return "no packet";
    const last = verdict.evidence.length - 1;
    const proving = new Set(play.arrows.filter(each => each.proving).flatMap(each => each.numbers));
    const decides = (each, number) => (proving.size ? proving.has(each.frame) : number === last);
    const line = (each, number) => h("li", { class: decides(each, number) ? "decisive" : null },
      h("span", { class: "n" }, `${each.time.toFixed(6)} s`), " ",
      each.frame ? h("a", { href: `#/cell/${location.hash.split("/")[2]?.split("?")[0] ?? ""}?frame=${each.frame}` }, `frame ${each.frame}`) : each.kind, " ",
      h("span", { class: "at" }, [each.node, each.interface].filter(Boolean).join(" ")), " ", h("span", {}, each.text));
    const all = verdict.evidence.map(line);
    const shown = all.length > 9 ? [all.slice(0, 4), h("li", { class: "more" }, h("details", {}, h("summary", {}, `${all.length - 8} more`), h("ol", {}, all.slice(4, -4)))), all.slice(-4)] : all;
    return h("ol", { class: "evidence" }, shown);
  }

  function again(verdict, play) {
    const proving = play.arrows.findLast(each => each.proving)?.evidence[0]?.frame;
    const frame = proving ?? [...verdict.evidence].reverse().find(each => each.frame)?.frame;
    const commands = [[verdict.reproduce, "plays exactly this again"]];
    if (play.place && frame) commands.push([`tshark -r ${Sextant.decode.quote(play.place)} -Y 'frame.number == ${frame}' -V`, "decodes the packet; in this page’s directory"]);
    return [commands.map(([command, what]) => h("p", { class: "command" }, h("code", {}, command), " ",
      Sextant.button("copy", event => Sextant.copy(command, event.target)), " ", h("small", {}, what))), downloads(verdict, play)];
  }

  function downloads(verdict, play) {
    if (!play.place) return null;
    const links = [h("a", { href: Sextant.path(play.place), download: true }, play.capture ?? play.place.split("/").pop())];
    if (play.packets?.length) {
      const comments = new Map();
      const numbers = new Map((play.head.numbers ?? []).map((number, place) => [number, place + 1])); // a capture's frames are those of its file
      for (const each of verdict.evidence) {
        const frame = play.capture ? numbers.get(each.frame) : each.frame;
        if (frame) comments.set(frame, `${verdict.requirement ?? "suite"} ${verdict.verdict}: ${each === verdict.evidence.at(-1) ? verdict.reason : each.text}`);
      }
      const name = `${verdict.recording ?? "packets"}.${verdict.requirement ?? "suite"}.pcapng`;
      links.push(Sextant.button("pcapng with comments", () => Sextant.download(name, "application/octet-stream", Sextant.pcapng.commented(play.packets, comments)),
        { title: "Wireshark shows the comments; find them by frame.comment", class: "download" }));
    }
    return h("p", { class: "downloads" }, links.map((each, number) => [number ? " · " : "", each]));
  }

  function ladder(cell, verdict, play, query) {
    const options = { everything: false, events: false, outputs: false, bands: "cited", open: new Set() };
    const board = h("div", { class: "board", tabindex: "0", role: "region", "aria-label": "Ladder" });
    const side = h("aside", { class: "side", "aria-live": "polite" });
    const packet = (arrow, from) => {
      board.querySelector(".chosen")?.classList.remove("chosen");
      from?.classList.add("chosen");
      const shown = Sextant.decode.show(arrow, verdict, play);
      Sextant.clear(side).append(shown);
    };
    const draw = () => {
      Sextant.clear(board).append(...Sextant.ladder.draw(play, options, { packet, unfold: arrows => { arrows.forEach(each => options.open.add(each)); draw(); } }));
    };
    const toggle = (name, label) => h("label", {}, h("input", { type: "checkbox", onchange: event => {
      options[name] = name === "bands" ? (event.target.checked ? "all" : "cited") : event.target.checked;
      draw();
    } }), ` ${label}`);
    draw();
    const wanted = Number(query.get("frame"));
    const chosen = play.arrows.find(each => wanted && each.numbers.includes(wanted)) ?? play.arrows.findLast(each => each.proving) ?? play.arrows.findLast(each => each.deciding) ?? play.arrows.findLast(each => each.cited);
    if (chosen) {
      if (wanted && !board.querySelector(`[data-frame="${chosen.numbers[0]}"]`)) { options.open.add(chosen); draw(); }
      const element = board.querySelector(`[data-frame="${chosen.numbers[0]}"]`);
      packet(chosen, element);
      requestAnimationFrame(() => {
        if (!element) return;
        const mine = element.querySelector("line, .label").getBoundingClientRect(), its = board.getBoundingClientRect();
        if (mine.right > its.right - 90) board.scrollLeft += mine.right - its.right + 120;
        board.scrollTop = Math.max(0, element.getBoundingClientRect().top - board.getBoundingClientRect().top - board.clientHeight / 2);
      });
    }
    return h("section", { id: "ladder" }, h("h2", {}, "Ladder"),
      play.arrows.length ? [h("div", { class: "tools" }, toggle("everything", `all ${play.arrows.length} packets`), toggle("events", "kernel events"),
        toggle("outputs", "program output"), toggle("bands", "all deadlines"), h("small", {}, "A click on a packet decodes it; ↑ and ↓ go from one to the next.")),
        h("div", { class: "two" }, board, side)]
        : h("p", { class: "note" }, verdict.recording ? "The recording is not beside this report." : "Nothing was recorded for this cell."));
  }

  function rest(cell, verdict, play) {
    const parts = [];
    const add = (title, id, ...content) => parts.push(h("section", { id }, h("h2", {}, title), content));
    if (play.head.play) add("Kernel state", "state", Sextant.state.section(play));
    const stage = Sextant.run.stages[play.head.play?.topology];
    if (stage) add("Topology", "topology", h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Topology" }, Sextant.picture(stage)));
    const files = Object.entries(play.configurations);
    if (files.length) add("Configurations", "configurations", files.map(([name, text]) => h("details", {}, h("summary", {}, name), h("pre", { tabindex: "0" }, text))));
    const outputs = Sextant.by(play.moments.filter(each => each.what === "output"), each => `${each.program} at ${each.node}`);
    if (outputs.size) {
      add("What the programs said", "output", [...outputs].map(([who, lines]) => h("details", {}, h("summary", {}, `${who} (${Sextant.count(lines.length, "line")})`),
        h("pre", { tabindex: "0" }, lines.map(each => `${each.time.toFixed(3).padStart(9)}  ${each.text}\n`).join("")))));
    }
    if (play.capture) {
      const when = new Date((play.head.started_ns ?? 0) / 1e6);
      add("About this capture", "capture", h("ul", {}, h("li", {}, `${play.capture}, begun ${Number.isNaN(when.getTime()) ? "at an unknown time" : when.toISOString()}; frame numbers are those of the file, times count from its first packet`),
        (play.head.notes ?? []).map(each => h("li", {}, each))));
    }
    return parts;
  }
  return { story, ladder, rest };
})();
