"use strict";
// Protocol deadlines and windows, worked out from what the packets say: when an answer was due, T1, T2, what expires.
// A band: { node, from, to, label, source, tone }; a tick has no `to`.
Sextant.bands = (() => {
  const SOLICITED = 1, FOREVER = 0xffffffff;
  const receivers = arrow => arrow.to.map(end => end.node);

  function of(arrow) {
    const it = Sextant.dissect(arrow.frame.data);
    const time = arrow.to[0]?.time ?? arrow.time;
    const found = [];
    const add = (node, to, label, source, tone) => { if (node) found.push({ node, from: time, to, label, source, tone, arrow }); };
    const tick = (node, at, label, source) => { if (node) found.push({ node, from: at, to: null, label, source, arrow }); };
    if (it.kind === "NS") {
      if (it.source === "::") add(arrow.from, arrow.time + SOLICITED, "is it free?", "RFC 4862 §5.4: nobody may claim the address for RetransTimer (1 s)", "wait");
      else for (const node of receivers(arrow)) {
        if (Sextant.dissect.mac(arrow.frame.data, 0).startsWith("33:33") && receivers(arrow).length > 1) continue;
        add(node, time + SOLICITED, "answer due", "RFC 4861 §10: RETRANS_TIMER, 1 s", "due");
      }
    }
    if (it.kind === "RS") for (const node of receivers(arrow).slice(0, 3)) add(node, time + 0.5, "RA due", "RFC 4861 §10: MAX_RA_DELAY_TIME, 0.5 s", "due");
    if (it.kind === "RA") {
      const field = name => it.layers.at(-1).fields.find(each => each.name === name)?.value;
      const life = parseInt(field("router lifetime"), 10);
      for (const end of arrow.to.slice(0, 2)) {
        if (life > 0) tick(end.node, end.time + life, `router expires (${life} s)`, "RFC 4861 §6.3.4");
      }
    }
    if (it.dhcpv6) {
      const { dhcpv6 } = it;
      const wait = { Solicit: [1.1, "SOL_TIMEOUT"], Request: [1.1, "REQ_TIMEOUT"], Renew: [11, "REN_TIMEOUT"], Rebind: [11, "REB_TIMEOUT"],
        "Information-request": [1.1, "INF_TIMEOUT"], Release: [1.1, "REL_TIMEOUT"], Decline: [1.1, "DEC_TIMEOUT"], Confirm: [1.1, "CNF_TIMEOUT"] }[it.kind];
      if (wait && arrow.from && !dhcpv6.relays) {
        add(arrow.from, arrow.time + wait[0], `sent again after ${wait[0]} s`, `RFC 8415 §7.6, §15: ${wait[1]} ± 10 %`, "wait");
      }
      if (it.kind === "Reply" && dhcpv6.leases.length && !dhcpv6.relays) {
        for (const end of arrow.to.slice(0, 1)) {
          const lease = dhcpv6.leases[0];
          for (const [name, value] of [["T1", dhcpv6.t1], ["T2", dhcpv6.t2], ["preferred until", lease.preferred], ["lease ends", lease.valid]]) {
            if (value && value !== FOREVER) tick(end.node, end.time + value, `${name} (${value} s)`, "RFC 8415 §14.2, §21.4, §21.6");
          }
        }
      }
    }
    if (it.flags?.includes("SYN") && !it.flags.includes("ACK") && arrow.from) {
      add(arrow.from, arrow.time + 0.25, "next attempt after 250 ms", "RFC 8305 §5: Connection Attempt Delay", "wait");
    }
    if (it.vrrp && it.vrrp.priority) {
      const { priority, interval } = it.vrrp;
      for (const end of arrow.to.slice(0, 2)) {
        add(end.node, end.time + 3 * interval + (interval * (256 - priority)) / 256, "active router is down after", "RFC 9568 §6.1: Active_Down_Interval", "wait");
      }
    }
    return found;
  }

  // Whether an arrow is the answer that a band waits for: it ends the wait.
  function answers(arrow, band) {
    if (arrow.time <= band.from || !arrow.from || arrow.from === band.arrow.from && band.node === band.arrow.from) return false;
    const [asked, it] = [Sextant.dissect(band.arrow.frame.data), Sextant.dissect(arrow.frame.data)];
    if (asked.dhcpv6) return it.dhcpv6?.transaction === asked.dhcpv6.transaction && it.kind !== asked.kind;
    if (asked.kind === "NS") return it.kind === "NA" && it.about === asked.about;
    if (asked.kind === "RS") return it.kind === "RA";
    return asked.flags?.includes("SYN") && it.flags?.includes("ACK") && it.about === asked.about;
  }

  // The bands of these arrows: of several alike on one life line, each ends where the next begins.
  function all(arrows, until, every) {
    const bands = arrows.flatMap(of).filter(band => band.from <= until + 0.05);
    for (const band of bands) {
      const answer = band.to === null ? null : every.find(each => each.time < band.to && answers(each, band));
      if (answer) { band.to = answer.time; band.answered = true; }
    }
    const last = new Map();
    const kept = [];
    for (const band of bands) {
      const key = `${band.node} ${band.label}`;
      const before = last.get(key);
      if (before && band.to !== null && before.to > band.from) before.to = band.from;
      // A later lease moves T1 and all that follows: what it replaces is not drawn if it never came to be.
      if (before && band.to === null && before.from > band.arrow.time) kept.splice(kept.indexOf(before), 1);
      last.set(key, band);
      kept.push(band);
    }
    return kept.filter(band => band.to === null || band.to > band.from);
  }
  return { all };
})();
