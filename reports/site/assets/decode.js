"use strict";
// A packet, field by field, with the field that decided marked, and its bytes.
Sextant.decode = (() => {
  const { h } = Sextant;
  // Words of a reason that name a field, and the names that fields have here. A number that follows is the field's value.
  const ALIASES = [[/\bhop limit(?: of| is)? ?(\d+)?/i, /^(current )?hop limit$/], [/\bM ?= ?(\d)?|\bM flag|managed/i, /^M managed$/], [/\bO ?= ?(\d)?|\bO flag|other config/i, /^O other$/],
    [/\bL ?= ?(\d)?|\bL flag|on-link flag/i, /^L on-link$/], [/\bA ?= ?(\d)?|\bA flag|autonomous/i, /^A autonomous$/], [/router lifetime(?: of| is)? ?(\d+)?/i, /^router lifetime$/],
    [/\bMTU\b/, /^MTU$/], [/preferred/i, /^preferred lifetime$/], [/\bvalid lifetime|valid for/i, /^valid lifetime$/], [/\bT1\b/, /^T1$/], [/\bT2\b/, /^T2$/],
    [/\bR ?= ?(\d)?|\bR flag|router flag/i, /^R router$/], [/\bS ?= ?(\d)?|solicited flag/i, /^S solicited$/], [/\bO ?= ?(\d)?|override/i, /^O override$/],
    [/\bDUID|client id/i, /^DUID$/], [/\bIAID/i, /^IAID$/], [/transaction/i, /^transaction id$/], [/elapsed/i, /^elapsed$/],
    [/\bpreference/i, /^preference$/], [/retrans/i, /^retrans timer$/], [/reachable time/i, /^reachable time$/], [/SLLAO|TLLAO|link-layer address/i, /^address$/],
    [/\bstatus\b/i, /^status$/], [/checksum/i, /^checksum$/], [/segments left/i, /^segments left$/], [/flow label/i, /^flow label$/], [/\bORO\b|option request/i, /^asks for$/],
    [/priority ?(\d+)?/i, /^priority$/], [/hop count ?(\d+)?/i, /^hop count$/], [/link.address field/i, /^link address$/], [/\bcode (\d+)/i, /^code$/], [/option of length (\d+)/i, /^length$/],
    [/\bprefix (?:length|of length) ?(\d+)?/i, /^prefix length$/], [/\bsequence number/i, /^sequence number$/]];

  function* leaves(layer) {
    for (const field of layer.fields) {
      if (field.fields) yield* leaves(field);
      else yield field;
    }
  }

  // The fields that decided: those that the evidence names. Where none of a verdict's evidence names any, those that the
  // reason is about: that it names, else those whose value it tells.
  function deciding(info, { reason, evidence: all = [] }, evidence = []) {
    const body = [...leaves({ fields: info.layers.filter(layer => layer.name !== "Ethernet") })];
    const told = evidence.flatMap(each => each.fields ?? []);
    if (all.some(each => each.fields?.length)) {
      const its = body.filter(field => told.some(name => field.name.toLowerCase() === String(name).toLowerCase()));
      if (its.length || !told.length) return new Set(its);
    }
    const named = body.filter(field => ALIASES.some(([words, name]) => {
      const found = name.test(field.name) && words.exec(reason);
      return found && (found[1] === undefined || parseInt(field.value, 10) === Number(found[1]));
    }));
    const values = body.filter(field => field.value.length > 5 && reason.includes(field.value.split("/")[0]));
    const both = named.filter(field => values.includes(field));
    if (both.length) return new Set([...both, ...values]);
    return new Set(named.length ? [...named, ...values.filter(field => !["source", "destination"].includes(field.name))] : values);
  }

  function layer(it, marked, light, top) {
    const row = field => {
      const is = marked.has(field);
      return h("tr", { class: is ? "marked" : null, onmouseenter: () => light(field.at), onmouseleave: () => light(null) },
        h("th", { scope: "row" }, field.name), h("td", {}, field.value, field.note ? h("small", {}, ` ${field.note}`) : null,
          is ? h("strong", { class: "sign" }, " ◀ this field") : null));
    };
    const groups = it.fields.filter(field => field.fields);
    const plain = it.fields.filter(field => !field.fields);
    const inside = groups.some(group => [...leaves(group)].some(field => marked.has(field))) || plain.some(field => marked.has(field));
    return h("details", { open: inside || (top && it.open), class: top ? "layer" : "option" },
      h("summary", { onmouseenter: () => light(it.at), onmouseleave: () => light(null) }, it.name, it.value ? h("small", {}, ` ${it.value}`) : null),
      plain.length ? h("table", {}, h("tbody", {}, plain.map(row))) : null,
      groups.map(group => layer(group, marked, light, false)));
  }

  function bytes(data) {
    const spans = [...data.subarray(0, 1514)].map(each => h("span", {}, each.toString(16).padStart(2, "0")));
    const lines = [];
    for (let at = 0; at < spans.length; at += 16) {
      lines.push(h("div", {}, h("b", {}, at.toString(16).padStart(4, "0")), " ", spans.slice(at, at + 16).flatMap(each => [each, " "])));
    }
    const light = range => spans.forEach((span, at) => span.classList.toggle("lit", Boolean(range) && at >= range[0] && at < range[1]));
    return { shown: h("div", { class: "bytes", "aria-label": "bytes of the frame" }, lines), light };
  }

  function show(arrow, verdict, play) {
    const info = Sextant.dissect(arrow.frame.data);
    const relevant = arrow.cited && verdict.verdict !== "pass" ? arrow.deciding : arrow.cited;
    const marked = relevant ? deciding(info, verdict, arrow.evidence) : new Set();
    info.layers.forEach((it, number) => { it.open = number === info.layers.length - 1; });
    const { shown, light } = bytes(arrow.frame.data);
    const ends = [arrow.from ? `sent by ${arrow.from}` : null, ...arrow.to.map(end => `received by ${end.node} at ${end.time.toFixed(6)} s`)].filter(Boolean);
    const number = arrow.evidence?.[0]?.frame ?? arrow.numbers[0];
    const command = play.place ? `tshark -r ${quote(play.place)} -Y 'frame.number == ${number}' -V` : null;
    const made = h("section", { class: "decode", "aria-label": `Packet ${number}`, tabindex: "-1" },
      h("h3", {}, `${info.kind || "frame"} `, h("small", {}, `frame ${arrow.numbers.join(", ")} at ${arrow.time.toFixed(6)} s`)),
      h("p", {}, h("code", {}, `${info.source} → ${info.target}`), h("br"), h("small", {}, ends.join("; "))),
      (arrow.evidence ?? []).map(each => h("p", { class: "cited" }, "cited: ", each.text)),
      relevant && !marked.size ? h("p", { class: "note" }, "That it was sent, and when, is what counts; no single field decided.") : null,
      info.layers.map(it => layer(it, marked, light, true)),
      h("details", {}, h("summary", {}, `${arrow.frame.data.length} bytes`), shown),
      command ? h("p", {}, h("code", {}, command), " ", Sextant.button("copy", event => Sextant.copy(command, event.target)),
        h("br"), h("small", {}, "in this page’s directory")) : null);
    return made;
  }
  const quote = text => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  return { show, quote, deciding };
})();
