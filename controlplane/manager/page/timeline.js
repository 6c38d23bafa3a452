// The last hour: epochs, buckets that moved, windows without owner, events.
import { clock, el, mark, plural, say, span } from "./parts.js";

const kLanes = [
  ["epoch", "epochs"],
  ["moves", "moves"],
  ["window", "no owner"],
  ["event", "events"],
];
const kListed = 100;

export function sentence(entry) {
  if (entry.kind === "epoch")
    return "epoch " + entry.epoch + " of " + entry.coordinator + (entry.moves ? ", " + plural(entry.moves, "bucket") + " moved" : "");
  if (entry.kind === "window") return plural(entry.buckets, "bucket") + " without owner for " + span(entry.lasted_ms) + " each";
  return (entry.number ? "event " + entry.number + " " : "") + entry.name + (entry.text ? ": " + entry.text : "");
}

function tone(entry) {
  if (entry.kind === "window") return "bad";
  if (entry.kind === "epoch") return "info";
  return { error: "bad", warning: "warn" }[entry.severity] || "off";
}

export function makeTimeline() {
  const lanes = new Map(kLanes.map(([kind]) => [kind, el("div", { class: "lane " + kind })]));
  const picture = el("div", { class: "lanes", role: "img" }, ...kLanes.flatMap(([kind, words]) => [el("span", { class: "lane-name" }, words), lanes.get(kind)]),
    el("span"), el("div", { class: "axis" }, ...["60 min ago", "45", "30", "15", "now"].map((text) => el("span", {}, text))));
  const rows = el("tbody");
  const summary = el("summary", {}, "As a list");
  const details = el("details", {}, summary, el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "events of the last hour" }, el("table", {}, el("thead", {}, el("tr", {},
    el("th", { scope: "col" }, "time"), el("th", { scope: "col" }, "what"))), rows)));
  let entries = [];
  let drawn = "";
  let now = 0;
  let hour = 3600000;

  function place(lane, entry, name, size) {
    const at = 100 - ((now - entry.at_ms) * 100) / hour;
    if (at < 0) return;
    const dot = el("i", { class: "dot " + name, title: clock(entry.at_ms) + " " + sentence(entry) });
    dot.style.left = at + "%";
    if (size) dot.style.height = size + "%";
    lanes.get(lane).append(dot);
  }
  function draw() {
    for (const lane of lanes.values()) lane.replaceChildren();
    let moves = 0;
    const kinds = { epoch: 0, window: 0, event: 0 };
    for (const entry of entries) {
      kinds[entry.kind] = (kinds[entry.kind] || 0) + 1;
      moves += entry.moves || 0;
      place(entry.kind, entry, tone(entry));
      if (entry.moves) place("moves", entry, "moved", Math.max(25, Math.min(100, entry.moves)));
    }
    mark(picture, "aria-label", "Last hour: " + plural(kinds.epoch, "epoch") + ", " + plural(moves, "bucket") + " moved, " +
      plural(kinds.window, "window") + " without owner, " + plural(kinds.event, "event") + ". The list below names each.");
  }
  function list() {
    rows.replaceChildren(...entries.slice(-kListed).reverse().map((entry) =>
      el("tr", {}, el("td", { class: "number" }, clock(entry.at_ms)), el("td", {}, el("span", { class: "pill " + tone(entry) }, entry.kind), " " + sentence(entry)))));
    say(summary, "As a list (" + Math.min(entries.length, kListed) + " of " + entries.length + ")");
  }
  return {
    root: el("section", { class: "card timeline" }, el("h3", {}, "Last hour"), picture, details),
    update(cluster, history) {
      const several = history.entries.some((entry) => entry.cluster && entry.cluster !== cluster);
      entries = several ? history.entries.filter((entry) => !entry.cluster || entry.cluster === cluster) : history.entries;
      now = history.now_ms;
      hour = history.span_ms || hour;
      draw();
      const print = entries.length + "/" + (entries.at(-1)?.at_ms || 0);
      if (print !== drawn) list();
      drawn = print;
    },
    // Time passes: what happened moves to the left.
    tick(fresh) {
      if (!now || fresh - now < 10000) return;
      now = fresh;
      draw();
    },
  };
}
