// What the cores of this host did with packets: counters by reason, as packets a second.
import { count, el, keyed, mark, rate, say } from "./parts.js";

const kTone = { accept: "good", drop: "bad", reject: "off", consume: "info", send: "info", wait: "off" };

function makeReason(reason) {
  const part = {
    // A long name may break behind its underscores: a narrow screen has no room for it.
    name: el("th", { scope: "row" }, ...reason.name.split(/(?<=_)/).flatMap((word) => [word, el("wbr")])),
    verdict: el("span", { class: "pill " + (kTone[reason.verdict] || "off") }, reason.verdict),
    rate: el("td", { class: "number" }),
    total: el("td", { class: "number" }),
  };
  part.root = el("tr", { title: reason.help }, part.name, el("td", {}, part.verdict), part.rate, part.total);
  return part;
}

export function makePackets() {
  const body = el("tbody");
  const empty = el("p", { class: "quiet" }, "The dataplane has counted nothing yet.");
  const known = new Map();
  const table = el("table", {}, el("thead", {}, el("tr", {},
    el("th", { scope: "col" }, "reason"), el("th", { scope: "col" }, "verdict"),
    el("th", { scope: "col", class: "number" }, "per second"), el("th", { scope: "col", class: "number" }, "in all"))), body);
  return {
    root: el("section", { class: "card packets" }, el("h3", {}, "Packets at this host"), empty, table),
    update(view, rates, now) {
      const reasons = (view.reasons || []).map((reason) => ({
        ...reason,
        rate: rates.of(view.name + "//" + reason.name, reason.packets, now),
      }));
      empty.hidden = reasons.length > 0;
      table.hidden = reasons.length === 0;
      keyed(body, known, reasons, (reason) => reason.name, makeReason, (part, reason) => {
        say(part.rate, rate(reason.rate));
        say(part.total, count(reason.packets));
        mark(part.root, "data-busy", reason.rate > 0.05 ? "yes" : null);
      });
    },
  };
}
