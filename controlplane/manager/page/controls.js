// What may be done here, each with what it would move before it is done.
import * as api from "./api.js";
import { el, plural, say } from "./parts.js";

const kHostVerbs = [
  ["start", "Start"],
  ["drainstop", "Drain and stop"],
  ["stop", "Stop"],
  ["suspend", "Suspend"],
  ["resume", "Resume"],
];
const kRuleVerbs = [
  ["enable", "Enable"],
  ["drain", "Drain"],
  ["disable", "Disable"],
];
const kStops = new Set(["stop", "drainstop", "suspend"]);
const kCuts = { stop: "Open connections are cut.", disable: "Open connections of the rule are cut.", suspend: "Open connections are cut." };

function movesOf(cluster) {
  if (cluster.known === false) return [el("p", {}, cluster.name + ": this host takes no part now, so it cannot tell what would move.")];
  const lines = [el("p", {}, el("strong", {}, cluster.changed_hands ? plural(cluster.changed_hands, "bucket") + " change hands" : "No bucket changes hands"),
    cluster.changes ? " (" + cluster.changes + ")" : "")];
  const items = (cluster.rules || []).flatMap((rule) => rule.moves.map((move) =>
    el("li", {}, rule.name + ": " + move.buckets + " from " + (move.from || "nobody") + " to " + (move.to || "nobody"))));
  if (items.length) lines.push(el("ul", {}, ...items));
  return lines;
}

// Resolves to {force} when it is to be done.
function confirmed(title, parts, offersForce) {
  const dialog = document.getElementById("confirm-dialog");
  const force = document.getElementById("force");
  say(document.getElementById("confirm-title"), title);
  document.getElementById("confirm-text").replaceChildren(...parts);
  document.getElementById("confirm-force").hidden = !offersForce;
  force.checked = false;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "apply" ? { force: offersForce && force.checked } : null), { once: true });
  });
}

export function makeControls(cluster, askToken) {
  const result = el("p", { class: "verdict", role: "status" });
  const closed = el("p", { class: "quiet" }, "This page only shows. A token_file in manager makes it more; nlb does all of it on the command line.");
  const rule = el("select", { id: "rule-of-" + cluster });
  let view = null;

  async function withToken(ask, body) {
    if (!api.hasToken() && !(await askToken())) return null;
    let answer = await ask(body);
    while (answer.status === 401 && (await askToken(answer.message))) answer = await ask(body);
    return answer;
  }
  async function run(body, title) {
    say(result, "");
    const seen = await withToken(api.preview, body);
    if (!seen) return;
    if (!seen.ok) return say(result, title + ": " + seen.message);
    const parts = seen.clusters.flatMap(movesOf);
    if (kCuts[body.command]) parts.push(el("p", {}, kCuts[body.command]));
    const last = kStops.has(body.command) && view?.last_to_serve;
    if (last) parts.push(el("p", { class: "alarm" }, "This is the last host that serves: nobody would answer."));
    const choice = await confirmed(title, parts, last);
    if (!choice) return say(result, title + ": not done");
    const wish = { ...body };
    if (choice.force) wish.force = true;
    // What was shown is what may happen: a map that changed meanwhile is shown again first.
    if (body.command === "reload" && seen.clusters.every((one) => one.known))
      wish.max_moves = seen.clusters.reduce((most, one) => Math.max(most, one.changed_hands || 0), 0);
    say(result, title + ": under way");
    const answer = await withToken(api.command, wish);
    if (answer) say(result, title + ": " + (answer.ok ? "done" : "refused") + (answer.message ? ", " + answer.message : ""));
  }
  const button = (verb, words, body) =>
    el("button", { type: "button", "data-verb": verb, onclick: () => run({ command: verb, cluster, ...body() }, words) }, words);
  const open = el("div", { class: "doing" },
    el("div", { class: "buttons", role: "group", "aria-label": "this host" }, ...kHostVerbs.map(([verb, words]) => button(verb, words, () => ({})))),
    el("div", { class: "buttons", role: "group", "aria-label": "a rule on this host" }, el("label", { for: rule.id }, "Rule"), rule,
      ...kRuleVerbs.map(([verb, words]) => button(verb, words, () => ({ rule: rule.value })))),
    el("div", { class: "buttons", role: "group", "aria-label": "the configuration" },
      el("button", { type: "button", "data-verb": "reload", onclick: () => run({ command: "reload" }, "Reload the configuration") }, "Reload the configuration")));
  return {
    root: el("section", { class: "card controls" }, el("h3", {}, "This host"), closed, open, result),
    update(fresh, mayCommand) {
      view = fresh;
      closed.hidden = mayCommand;
      open.hidden = !mayCommand;
      const names = (fresh.rules || []).map((one) => one.name).filter((name) => name !== "default");
      if (rule.dataset.print === names.join()) return;
      rule.dataset.print = names.join();
      const chosen = rule.value;
      rule.replaceChildren(...names.map((name) => el("option", { value: name }, name)), el("option", { value: "all" }, "all rules"));
      if (names.includes(chosen)) rule.value = chosen;
    },
  };
}
