"use strict";
// What a ladder shows, row by row: cited packets and what belongs to the same talk; the rest is folded away.
Sextant.ladderModel = (() => {
  const NEAR = 4, AROUND = 2.5, MOST = 70, WORTH_A_ROW = 4;
  const close = (one, other) => Math.abs(one - other) < 2e-6;

  function mark(play, verdict) {
    const cited = verdict.evidence ?? [];
    const last = cited.length - 1;
    // What shows that a requirement is kept is the last of the packets; what breaks one was cited last.
    const latest = cited.reduce((best, each, index) => (each.kind === "frame" && each.time >= (cited[best]?.time ?? -1) ? index : best), -1);
    const decides = index => verdict.verdict === "pass" ? index === latest : index === last || (cited[last]?.kind !== "frame" && index === cited.map(each => each.kind).lastIndexOf("frame"));
    const byNumber = new Map();
    const others = [];
    cited.forEach((each, index) => {
      if (each.frame !== null && each.frame !== undefined) byNumber.set(each.frame, { each, decides: decides(index) });
      else others.push({ each, decides: decides(index) });
    });
    for (const arrow of play.arrows) {
      const its = arrow.numbers.map(number => byNumber.get(number)).filter(Boolean);
      arrow.cited = its.length > 0;
      arrow.deciding = its.some(each => each.decides);
      arrow.evidence = its.map(each => each.each);
    }
    // A packet with a field that decided says more than what was cited last: it is the packet that proves the verdict.
    if (["fail", "warn"].includes(verdict.verdict)) {
      const proving = play.arrows.filter(each => each.cited && Sextant.decode.deciding(Sextant.dissect(each.frame.data), verdict, each.evidence).size);
      if (proving.length && proving.length < 4) {
        proving.forEach(each => { each.deciding = each.proving = true; });
        play.arrows.filter(each => each.deciding && !each.proving).forEach(each => { each.deciding = false; });
      }
    }
    for (const moment of play.moments) {
      const its = others.find(({ each }) => close(each.time, moment.time) && (each.node === moment.node || moment.what === "mark") &&
        (each.kind === moment.what));
      moment.cited = Boolean(its);
      moment.deciding = Boolean(its?.decides);
    }
  }

  const talkOf = arrow => Sextant.dissect(arrow.frame.data).talk;
  const tells = arrow => Sextant.dissect(arrow.frame.data).summary;

  function relevant(play) {
    const cited = play.arrows.filter(each => each.cited);
    if (!cited.length) {
      const near = play.moments.filter(each => each.cited && each.what !== "snapshot").map(each => each.time);
      const all = play.arrows.filter(each => !["mld", "arp"].includes(talkOf(each)));
      const around = near.length ? all.filter(each => near.some(time => Math.abs(each.time - time) < NEAR)) : all;
      return new Set(around.slice(0, MOST));
    }
    const talks = new Set(cited.map(talkOf));
    if (talks.has("redirect")) talks.add("echo");
    if (talks.has("error")) talks.add("echo");
    const ends = new Set(cited.flatMap(each => [each.from, ...each.to.map(end => end.node)]));
    const [first, last] = [cited[0].time - NEAR, cited.at(-1).time + NEAR];
    const about = new Set(cited.map(each => Sextant.dissect(each.frame.data).about).filter(Boolean));
    // Of neighbors' questions only those about the same address belong here, and of segments those of the same connection.
    const fits = each => talks.has(talkOf(each)) && (!["neighbor", "tcp"].includes(talkOf(each)) || about.has(Sextant.dissect(each.frame.data).about));
    const same = play.arrows.filter(each => each.cited || (fits(each) && each.time >= first && each.time <= last &&
      (ends.has(each.from) || each.to.some(end => ends.has(end.node)))));
    if (same.length <= MOST) return new Set(same);
    const times = cited.map(each => each.time);
    same.sort((one, other) => Math.min(...times.map(time => Math.abs(one.time - time))) - Math.min(...times.map(time => Math.abs(other.time - time))));
    return new Set([...cited, ...same.slice(0, MOST)]);
  }

  function telling(moment, cited) {
    if (moment.cited) return true;
    if (moment.what === "mark") return true;
    if (moment.what !== "event" || (cited.size && !cited.has(moment.node))) return false;
    if (moment.fields.ifname === "lo" || moment.fields.dev === "lo") return false;
    if (moment.kind === "address") return moment.fields.scope === "global" && !moment.fields.flags?.includes("tentative") && moment.time > 0.05;
    return moment.kind === "route" && moment.fields.dst === "default" && moment.time > 0.05;
  }

  // The rows. `everything` shows all packets, `events` and `outputs` all of these. What lies far from what is shown is
  // folded into one row before and one after; so are the few packets between two rows that belong to something else.
  function rows(play, { everything, events, outputs, open }) {
    const shown = everything ? new Set(play.arrows) : relevant(play);
    const isShown = arrow => shown.has(arrow) || open.has(arrow);
    const ends = new Set([...shown].filter(each => each.cited).flatMap(each => [each.from, ...each.to.map(end => end.node)]));
    const times = [...play.arrows.filter(isShown), ...play.moments.filter(each => each.cited)].map(each => each.time);
    const [first, last] = [Math.min(...times) - AROUND, Math.max(...times) + AROUND];
    const wanted = each => each.cited || (each.time >= first && each.time <= last && telling(each, ends)) || everything && telling(each, ends) ||
      (events && each.what === "event") || (outputs && each.what === "output");
    const items = [...play.arrows.map(arrow => ({ time: arrow.time, arrow })), ...play.moments.filter(wanted).map(moment => ({ time: moment.time, moment }))]
      .sort((one, other) => one.time - other.time);
    const found = [];
    let hidden = [];
    const flush = least => {
      if (hidden.length < least) return;
      found.push({ time: hidden[0].time, until: hidden.at(-1).time, folded: hidden });
      hidden = [];
    };
    for (const item of items) {
      const { arrow } = item;
      if (arrow && !isShown(arrow)) { hidden.push(arrow); continue; }
      flush(found.length ? WORTH_A_ROW : 1);
      const before = found.at(-1);
      if (arrow && before?.arrow && !arrow.cited && !before.arrow.cited && before.arrow.from === arrow.from &&
        tells(before.arrow) === tells(arrow) && before.arrow.to.map(end => end.node).join() === arrow.to.map(end => end.node).join()) {
        before.times = (before.times ?? 1) + 1;
        before.until = arrow.time;
      } else found.push(item);
    }
    flush(1);
    return found.sort((one, other) => one.time - other.time);
  }
  return { mark, rows, talkOf, tells };
})();
