// Small helpers that every part of the page draws with. Texts become text nodes, never markup.

export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

// Writes only what changed, so that what is selected or focused stays so.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function mark(node, name, value) {
  if (value == null || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

// One child of `parent` for each item, in their order; `make(item)` once, `update(part, item)` each time.
export function keyed(parent, known, items, key, make, update) {
  const wanted = new Set();
  let at = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    wanted.add(name);
    let part = known.get(name);
    if (!part) known.set(name, (part = make(item)));
    update(part, item);
    if (part.root === at) at = at.nextElementSibling;
    else parent.insertBefore(part.root, at);
  }
  for (const [name, part] of known)
    if (!wanted.has(name)) {
      part.root.remove();
      known.delete(name);
    }
}

export function count(number) {
  return number == null ? "–" : Math.round(number).toLocaleString("en");
}

// "0", "0.4", "12", "1.2 k", "3.4 M"
export function rate(number) {
  if (number == null) return "–";
  if (number < 0.05) return "0";
  if (number < 10) return number.toFixed(1);
  if (number < 1000) return number.toFixed(0);
  return number < 1e6 ? (number / 1e3).toFixed(1) + " k" : (number / 1e6).toFixed(1) + " M";
}

export function span(milliseconds) {
  if (milliseconds == null) return "never";
  if (milliseconds < 1000) return Math.round(milliseconds) + " ms";
  const seconds = milliseconds / 1000;
  if (seconds < 90) return seconds.toFixed(seconds < 10 ? 1 : 0) + " s";
  return seconds < 5400 ? Math.round(seconds / 60) + " min" : Math.round(seconds / 3600) + " h";
}

export function clock(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString("en-GB");
}

export function plural(number, word) {
  return count(number) + " " + word + (number === 1 ? "" : "s");
}

// Counters that run become packets a second; a counter that began anew says nothing for a moment.
export class Rates {
  constructor() {
    this.before = new Map();
  }
  of(name, value, now) {
    const was = this.before.get(name);
    if (value == null) return null;
    if (was && now - was.at < 500 && value >= was.value) return was.rate;
    const rate = was && value >= was.value && now > was.at ? ((value - was.value) * 1000) / (now - was.at) : null;
    this.before.set(name, { value, at: now, rate });
    return rate;
  }
}
