// Puts the parts together: one article for each cluster of this host, drawn from what the control plane
// sends whenever something happens.
import * as api from "./api.js";
import { makeBuckets } from "./buckets.js";
import { makeControls } from "./controls.js";
import { makeExplain } from "./explain.js";
import { makeHosts } from "./hosts.js";
import { makePackets } from "./packets.js";
import { el, keyed, mark, plural, Rates, say } from "./parts.js";
import { makeTimeline } from "./timeline.js";

const byId = (id) => document.getElementById(id);
const rates = new Rates();
const clusters = new Map();
const alarms = new Map();
const kTone = { converged: "good", converging: "warn", draining: "warn" };
let history = null;
let asked = -1;

function askToken(why) {
  const dialog = byId("token-dialog");
  if (dialog.open) return Promise.resolve(false);
  byId("token").value = "";
  if (why) say(byId("token-why"), why + ": it is what stands in the file that manager.token_file names.");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      const given = dialog.returnValue === "use" && byId("token").value.trim();
      if (given) api.useToken(given);
      resolve(Boolean(given));
    }, { once: true }));
}

// FENCED and SERVES NOBODY first, then what an operator should know.
function troubles(view) {
  const found = [];
  for (const cluster of view.clusters || []) {
    const at = (view.clusters.length > 1 ? cluster.name + ": " : "");
    const idle = cluster.state === "stopped" || cluster.state === "suspended";
    const fenced = !idle && cluster.fence_remaining_ms === 0;
    if (cluster.serves_not_because) found.push(["bad", at + (fenced ? "FENCED, SERVES NOBODY: " : "SERVES NOBODY: ") + cluster.serves_not_because]);
    else if (fenced) found.push(["bad", at + "FENCED: this host answers for no virtual address"]);
    const orphaned = (cluster.rules || []).reduce((sum, rule) => sum + (cluster.meant?.[rule.name] === 0 ? 0 : rule.orphaned || 0), 0);
    if (cluster.converging_because)
      found.push(["warn", at + cluster.state + " because " + cluster.converging_because + (cluster.converging_host ? " (" + cluster.converging_host + ")" : "")]);
    if (orphaned && !idle) found.push(["warn", at + plural(orphaned, "bucket") + " without owner"]);
    if (cluster.deaf) found.push(["bad", at + "deaf: no frame arrives on the outside port"]);
    if (cluster.link_up === false && !idle) found.push(["bad", at + "the outside port has no link"]);
    if (cluster.inside?.problem) found.push(["warn", at + cluster.inside.problem]);
    for (const port of cluster.ports || [])
      if (port.state && port.state !== "up" && !idle && !(port.port === "outside" && cluster.link_up === false)) found.push(["warn", at + "the " + port.port + " port (" + port.device + ") is " + port.state]);
    if (cluster.stranger) found.push(["warn", at + cluster.stranger.because]);
    for (const one of cluster.config_mismatches || [])
      found.push(["warn", at + one.host + " holds another configuration" + (one.path ? ": " + one.path + " is " + one.here + " here, " + one.there + " there" : "") + (one.mend ? "; " + one.mend : "")]);
    if (cluster.reload) found.push(["info", at + "the next configuration waits for " + (cluster.reload.waits_for.join(", ") || "its moment")]);
  }
  return found.sort((one, other) => (other[0] === "bad") - (one[0] === "bad"));
}

function makeCluster(view) {
  const part = {
    name: el("h2"),
    state: el("span", { class: "pill" }),
    facts: el("p", { class: "facts" }),
    hosts: makeHosts(),
    buckets: makeBuckets(),
    timeline: makeTimeline(),
    packets: makePackets(),
    explain: makeExplain(view.name, askToken),
    controls: makeControls(view.name, askToken),
  };
  part.root = el("article", { class: "cluster", "data-cluster": view.name },
    el("div", { class: "cluster-head" }, part.name, part.state, part.facts),
    el("div", { class: "grid" }, ...["buckets", "hosts", "timeline", "controls", "explain", "packets"].map((name) => part[name].root)));
  return part;
}

function updateCluster(part, view, page) {
  const hosts = new Map((view.hosts || []).map((host) => [host.id, host]));
  say(part.name, view.name);
  part.state.className = "pill " + (kTone[view.state] || "off");
  say(part.state, view.state);
  mark(part.root, "data-state", view.state);
  mark(part.root, "data-epoch", view.epoch?.counter);
  say(part.facts, [(view.virtual_addresses || []).join(", "), "epoch " + view.epoch?.counter, "default host " + (view.default_host || "nobody"),
    "configuration " + view.generation].join(" · "));
  part.buckets.update(view, hosts, rates, page.now_ms);
  part.hosts.update(view, hosts);
  part.packets.update(view, rates, page.now_ms);
  part.explain.update(view);
  part.controls.update(view, page.may_command);
  if (history) part.timeline.tick(page.now_ms);
}

async function bringHistory(sequence) {
  if (sequence === asked) return;
  asked = sequence;
  const answer = await api.history();
  if (!answer.ok) return void (asked = -1);
  history = answer;
  for (const [name, part] of clusters) part.timeline.update(name, history);
}

function show(page) {
  const first = page.clusters?.[0];
  say(byId("host"), first ? first.host : "");
  document.title = (page.serves ? "" : "! ") + (first ? first.host + " · " : "") + "NLB Manager";
  document.body.classList.remove("stale");
  say(byId("link"), page.sentence);
  byId("link").className = page.serves ? "good" : "bad";
  byId("token-button").hidden = !page.may_command;
  say(byId("token-button"), api.hasToken() ? "Forget the token" : "Token");
  keyed(byId("alarms"), alarms, troubles(page), ([tone, text]) => tone + text,
    ([tone, text]) => ({ root: el("p", { class: "alarm " + tone }, text) }), () => {});
  keyed(byId("clusters"), clusters, page.clusters || [], (cluster) => cluster.name, makeCluster,
    (part, cluster) => updateCluster(part, cluster, page));
  say(byId("footer"), "nlb " + page.version + ". This host's own word; of other hosts, what their heartbeats say.");
  bringHistory(page.history);
}

byId("token-button").addEventListener("click", () => {
  if (api.hasToken()) api.useToken("");
  else askToken();
});
api.watch({
  view: show,
  link(words, good) {
    say(byId("link"), words);
    byId("link").className = good ? "good" : "bad";
    document.body.classList.add("stale");
  },
  refused: (message) => askToken(message).then((given) => given || new Promise((resolve) => setTimeout(resolve, 5000))),
});
