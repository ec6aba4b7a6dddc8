// Building elements without markup strings: nothing a message says can ever become HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element. Props: `class`, `on` (listeners), `data` (dataset), plain properties, anything else an attribute. */
export function h(tag, props = null, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for the SVG namespace. */
export function s(tag, props = null, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") Object.assign(node.dataset, defined(value));
    else if (name === "value" || name === "checked" || name === "selected") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function defined(record) {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined && value !== null));
}

/** Words for a screen reader only: no state is told by colour or shape alone. */
export function spoken(text) {
  return h("span", { class: "spoken" }, text);
}

/** The address if a person may be sent there by a click, else null. */
export function safeUrl(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link to *address* around *children*; just the children when the address is not one to follow. */
export function link(address, ...children) {
  const href = safeUrl(address);
  if (!href) return h("span", null, ...children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Fills *host* anew unless *signature* says that nothing changed; focus stays on the same control. */
export function redraw(host, signature, build) {
  if (host.dataset.drawn === signature) return;
  const focused = host.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  host.dataset.drawn = signature;
  host.replaceChildren(...[build()].flat().filter(Boolean));
  if (focused) host.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** Remembers what has the focus now. The function returned gives it back, also when that was drawn anew meanwhile. */
export function holdFocus() {
  const before = document.activeElement;
  const place = before?.closest("[data-ts], [data-testid='home-view'], dialog");
  return () => {
    const same = (part) => part.dataset.focus === before.dataset.focus;
    const now = before?.isConnected ? before : [...(place?.querySelectorAll("[data-focus]") ?? [])].find(same);
    now?.focus({ preventScroll: true });
  };
}

/** A setting that outlives the page; the page also works where storage is refused. */
export const kept = {
  get(name) {
    try {
      return localStorage.getItem(`handrail.${name}`);
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`handrail.${name}`, value);
    } catch {
      // A private window: the setting lasts as long as the page.
    }
  },
};
