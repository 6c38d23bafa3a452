// Everything that the page says to the control plane, and nothing else: one place to change when another
// host is to be asked through it.

const kPatience = [500, 1000, 2000, 5000];
const kSilence = 4000; // the control plane says something each second

let token = sessionStorage.getItem("nlb-token") || "";

export function hasToken() {
  return token !== "";
}

export function useToken(fresh) {
  token = fresh;
  if (fresh) sessionStorage.setItem("nlb-token", fresh);
  else sessionStorage.removeItem("nlb-token");
}

function headers(more = {}) {
  return token ? { Authorization: "Bearer " + token, ...more } : more;
}

async function answered(response) {
  const body = await response.json().catch(() => ({ ok: false, message: "HTTP " + response.status }));
  return { ...body, status: response.status };
}

async function ask(path, body) {
  const options = { headers: headers(), cache: "no-store" };
  if (body) {
    options.method = "POST";
    options.headers = headers({ "Content-Type": "application/json" });
    options.body = JSON.stringify(body);
  }
  try {
    return await answered(await fetch(path, options));
  } catch {
    return { ok: false, status: 0, message: "the control plane does not answer" };
  }
}

export const history = () => ask("/api/history");
export const explain = (packet) => ask("/api/explain", packet);
export const preview = (command) => ask("/api/preview", command);
export const command = (command) => ask("/api/command", command);

// Server-sent events by fetch, because a token goes into a header and EventSource has none.
async function read(response, onView, alive) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    alive();
    text += value;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const data = text.slice(0, end).split("\n").filter((line) => line.startsWith("data: "));
      if (data.length) onView(JSON.parse(data.map((line) => line.slice(6)).join("\n")));
    }
  }
}

// `listener.view(json)`, `listener.link(words, good)`, `listener.refused(status, message)` (then it waits
// for the promise that this gives). It goes on for as long as the page lives.
export async function watch(listener) {
  for (let failures = 0; ; ) {
    const abort = new AbortController();
    let timer = 0;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), kSilence);
    };
    try {
      alive();
      const response = await fetch("/api/events", { headers: headers(), cache: "no-store", signal: abort.signal });
      if (response.ok) {
        await read(response, (view) => {
          failures = 0;
          listener.view(view);
        }, alive);
      } else {
        const { message } = await answered(response);
        listener.link(message, false);
        if (response.status === 401) {
          clearTimeout(timer);
          await listener.refused(message);
          continue;
        }
      }
    } catch {
      // A connection that broke or fell silent; the next one tells.
    }
    clearTimeout(timer);
    listener.link("no word from the control plane", false);
    await new Promise((resolve) => setTimeout(resolve, kPatience[Math.min(failures++, kPatience.length - 1)]));
  }
}
