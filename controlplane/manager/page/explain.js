// Which host gets a packet, and why: the control plane asks the code that the cores run.
import * as api from "./api.js";
import { el, say } from "./parts.js";

let forms = 0;

function field(label, input, width) {
  const id = "explain-" + ++forms;
  input.id = id;
  return el("div", { class: "field " + (width || "") }, el("label", { for: id }, label), input);
}

const kTone = { accept: "good", reject: "off", drop: "bad", consume: "info" };

function row(one) {
  const where = one.rule == null ? "" : "rule " + one.rule + ", bucket " + one.bucket + (one.owner ? ", owner " + one.owner : "");
  return el("tr", { "data-verdict": one.verdict },
    el("th", { scope: "row" }, one.host),
    el("td", {}, el("span", { class: "pill " + (kTone[one.verdict] || "off") }, one.verdict)),
    el("td", {}, one.help, where ? el("span", { class: "quiet" }, " (" + where + ")") : null));
}

export function makeExplain(cluster, askToken) {
  const protocol = el("select", {}, ...["tcp", "udp", "icmp"].map((word) => el("option", { value: word }, word)));
  const client = el("input", { required: true, autocomplete: "off", spellcheck: "false", placeholder: "198.51.100.7" });
  const clientPort = el("input", { type: "number", min: "0", max: "65535", placeholder: "49152" });
  const vip = el("select");
  const port = el("input", { type: "number", min: "0", max: "65535", value: "80" });
  const verdict = el("p", { class: "verdict", role: "status" });
  const rows = el("tbody");
  const table = el("table", { hidden: true }, el("thead", {}, el("tr", {},
    el("th", { scope: "col" }, "host"), el("th", { scope: "col" }, "verdict"), el("th", { scope: "col" }, "because"))), rows);
  const form = el("form", { class: "fields" }, field("Protocol", protocol, "short"), field("Client address", client),
    field("Client port", clientPort, "short"), field("Virtual address", vip), field("Port", port, "short"),
    el("div", { class: "field short" }, el("button", {}, "Explain")));
  protocol.addEventListener("change", () => {
    clientPort.disabled = port.disabled = protocol.value === "icmp";
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const number = (input) => (input.disabled || input.value === "" ? null : Number(input.value));
    const packet = { cluster, protocol: protocol.value, client: client.value.trim(), client_port: number(clientPort), vip: vip.value, port: number(port) };
    let answer = await api.explain(packet);
    if (answer.status === 401 && (await askToken(answer.message))) answer = await api.explain(packet);
    table.hidden = !answer.ok;
    if (!answer.ok) return say(verdict, answer.message);
    rows.replaceChildren(...answer.hosts.map(row));
    const takers = answer.hosts.filter((one) => one.verdict === "accept").map((one) => one.host);
    say(verdict, takers.length ? takers.join(" and ") + (takers.length === 1 ? " takes it" : " take it") + ", by the map of epoch " + answer.epoch
      : "nobody takes it, by the map of epoch " + answer.epoch);
  });
  return {
    root: el("section", { class: "card explain" }, el("h3", {}, "Where does a packet go?"), form, verdict, table,
      el("p", { class: "quiet" }, "A new flow. Flows that are open already stay where they began; nlb trace shows them.")),
    update(view) {
      const addresses = view.virtual_addresses || [view.address];
      if (vip.dataset.print === addresses.join()) return;
      vip.dataset.print = addresses.join();
      const chosen = vip.value;
      vip.replaceChildren(...addresses.map((address) => el("option", { value: address }, address)));
      if (addresses.includes(chosen)) vip.value = chosen;
    },
  };
}
