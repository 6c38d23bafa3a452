// The rules of a cluster, each with its 60 buckets as cells in the owners' colours.
import { count, el, keyed, mark, plural, rate, say } from "./parts.js";

function names(mask, hosts, bucket) {
  // Masks are 16 hexadecimal digits, bucket 0 in the last bit.
  return Object.entries(mask || {})
    .filter(([, bits]) => (BigInt("0x" + bits) >> BigInt(bucket)) & 1n)
    .map(([id]) => hosts.get(Number(id))?.name || "id " + id);
}

function words(bucket, owner, hosts, dirty) {
  const who = owner === 0 ? "nobody" : hosts.get(owner)?.name || "id " + owner;
  return "bucket " + bucket + ": " + who + (dirty.length ? ", connections still at " + dirty.join(", ") : "");
}

function paint(cell, owner, hosts, dirty, meant) {
  const print = owner + (dirty ? "d" : "") + (meant ? "" : "n");
  if (cell.dataset.print === print) return;
  cell.dataset.print = print;
  const host = hosts.get(owner);
  cell.className = "cell" + (owner === 0 ? (meant ? " orphan" : " nobody") : "") + (dirty ? " dirty" : "");
  cell.style.backgroundColor = host ? host.colour : "";
  cell.textContent = host ? host.digit : owner === 0 ? "·" : "?";
}

function makeRule(rule) {
  const cells = Array.from({ length: rule.owners.length }, () => el("span", { class: "cell" }));
  const strip = el("div", { class: "strip", role: "img", tabindex: "0" }, ...cells);
  const part = {
    root: null,
    strip,
    cells,
    at: -1,
    name: el("h4"),
    what: el("span", { class: "quiet" }),
    state: el("span", { class: "pill" }),
    health: el("span", { class: "pill" }),
    numbers: el("span", { class: "numbers" }),
    bucket: el("output", { class: "quiet bucket" }),
  };
  part.root = el("li", { class: "rule", "data-rule": rule.name },
    el("div", { class: "rule-head" }, part.name, part.what, part.state, part.health, part.numbers), strip, part.bucket);
  const point = (at) => {
    part.cells[part.at]?.classList.remove("at");
    part.at = at;
    part.cells[at]?.classList.add("at");
    say(part.bucket, at < 0 ? "" : part.words[at]);
  };
  strip.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, Home: -100, End: 100 }[event.key];
    if (!step) return;
    event.preventDefault();
    point(Math.max(0, Math.min(cells.length - 1, part.at + step)));
  });
  strip.addEventListener("blur", () => point(-1));
  return part;
}

function describe(parameters) {
  if (!parameters) return "what no rule covers";
  const where = parameters.vip === "all" ? "" : parameters.vip + " ";
  const how = parameters.mode === "multiple" ? ", affinity " + parameters.affinity : ", " + parameters.mode;
  return where + parameters.protocol + " " + parameters.ports + how;
}

function summary(rule, hosts) {
  const owned = new Map();
  for (const owner of rule.owners) owned.set(owner, (owned.get(owner) || 0) + 1);
  const parts = [...owned].sort((a, b) => a[0] - b[0])
    .map(([id, buckets]) => (id === 0 ? "nobody" : hosts.get(id)?.name || "id " + id) + " " + buckets);
  return rule.name + ": " + parts.join(", ") + ". Arrow keys go from bucket to bucket.";
}

// This host's check: up, down, or unknown before its first word; a rule without a check has none.
function showHealth(pill, health) {
  pill.hidden = !health?.state;
  if (!health?.state) return;
  pill.className = "pill " + ({ up: "good", down: "bad" }[health.state] || "off");
  const what = (health.check || "check") + " " + health.state;
  say(pill, what + (health.state === "down" && health.because ? ": " + health.because : "") + (health.slow_start ? ", slow start" : ""));
}

function updateRule(part, rule, view, hosts, rates, now) {
  const parameters = (view.rule_params || []).find((one) => one.name === rule.name);
  const dirty = view.dirty?.[rule.name];
  say(part.name, rule.name);
  say(part.what, describe(parameters));
  part.state.hidden = rule.state === "enabled";
  part.state.className = "pill " + (rule.state === "draining" ? "warn" : "off");
  say(part.state, rule.state);
  showHealth(part.health, rule.health);
  const packets = rule.packets || {};
  const per = (kind) => rate(rates.of(view.name + "/" + rule.name + "/" + kind, packets[kind], now));
  say(part.numbers, per("accepted") + " accepted/s · " + per("rejected") + " rejected/s · " + plural(rule.connections || 0, "connection") +
    " here" + (rule.orphaned && view.meant?.[rule.name] !== 0 ? " · " + count(rule.orphaned) + " without owner" : ""));
  part.words = rule.owners.map((owner, bucket) => {
    const who = dirty ? names(dirty, hosts, bucket) : [];
    paint(part.cells[bucket], owner, hosts, who.length > 0, view.meant?.[rule.name] !== 0);
    const text = words(bucket, owner, hosts, who);
    mark(part.cells[bucket], "title", text);
    return text;
  });
  mark(part.strip, "aria-label", summary(rule, hosts));
  if (part.at >= 0) say(part.bucket, part.words[part.at]);
}

export function makeBuckets() {
  const list = el("ul", { class: "rules" });
  const known = new Map();
  return {
    root: el("section", { class: "card buckets" }, el("h3", {}, "Buckets"), list),
    update(view, hosts, rates, now) {
      keyed(list, known, view.rules || [], (rule) => rule.name + "/" + rule.owners.length, makeRule,
        (part, rule) => updateRule(part, rule, view, hosts, rates, now));
    },
  };
}
