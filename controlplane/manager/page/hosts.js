// Every configured host: how it is, when it was heard, what it owns.
import { count, el, keyed, mark, say, span } from "./parts.js";

const kTone = { converged: "good", converging: "warn", draining: "warn", joining: "warn", silent: "bad" };

function makeHost() {
  const part = {
    digit: el("span", { class: "digit", "aria-hidden": "true" }),
    name: el("span", { class: "host-name" }),
    roles: el("span", { class: "quiet" }),
    state: el("span", { class: "pill" }),
    heard: el("td", { class: "number" }),
    owned: el("td", { class: "number" }),
    bar: el("span", { class: "bar" }),
  };
  part.root = el("tr", {}, el("th", { scope: "row" }, part.digit, part.name, part.roles), el("td", {}, part.state), part.heard, part.owned);
  return part;
}

// "outside up, 25,000 Mbit/s, 3 missed"; what a port does not tell is left out.
function portWords(port) {
  const lost = ["missed", "no_buffer", "errors", "tx_errors"].filter((name) => port.counters?.[name]);
  return [port.port + " " + port.state, port.speed_mbps ? count(port.speed_mbps) + " Mbit/s" : "",
    ...lost.map((name) => count(port.counters[name]) + " " + name)].filter(Boolean).join(", ");
}

export function makeHosts() {
  const body = el("tbody");
  const ports = el("p", { class: "quiet ports" });
  const known = new Map();
  const root = el("section", { class: "card hosts" }, el("h3", {}, "Hosts"),
    el("table", {}, el("thead", {}, el("tr", {},
      el("th", { scope: "col" }, "host"), el("th", { scope: "col" }, "state"),
      el("th", { scope: "col", class: "number" }, "heard"), el("th", { scope: "col", class: "number" }, "buckets"))), body), ports);
  return {
    root,
    update(view, hosts) {
      const members = new Map((view.members || []).map((member) => [member.id, member]));
      ports.hidden = !view.ports?.length;
      say(ports, "This host's ports: " + (view.ports || []).map(portWords).join("; "));
      const all = (view.rules || []).reduce((sum, rule) => sum + rule.owners.length, 0);
      keyed(body, known, [...hosts.values()], (host) => host.id, makeHost, (part, host) => {
        const member = members.get(host.id);
        const self = host.id === view.id;
        const owned = (view.rules || []).reduce((sum, rule) => sum + rule.owners.filter((owner) => owner === host.id).length, 0);
        part.digit.style.backgroundColor = host.colour;
        say(part.digit, host.digit);
        say(part.name, host.name);
        const roles = [self ? "this host" : "", host.name === view.default_host ? "default host" : ""].filter(Boolean);
        say(part.roles, roles.join(", "));
        const state = member?.state || host.state;
        part.state.className = "pill " + (kTone[state] || "off");
        say(part.state, state);
        mark(part.root, "data-host", host.name);
        say(part.heard, self ? "" : member ? span(member.heard_ms) : "–");
        say(part.owned, owned + (all ? " · " + Math.round((owned * 100) / all) + " %" : ""));
      });
    },
  };
}
