import { h } from "./dom.js";
import { icon } from "./icons.js";

// A scrolling list of keyed items, redrawn one by one: what did not change is not touched.

const NEAR = 60;

export class ScrollList {
  #items = new Map();
  #host;
  #inner;
  #pill;
  #pinned = true;
  #place = null;

  /** *host* scrolls; *label* names it to a screen reader. */
  constructor(host, label) {
    this.#host = host;
    this.#inner = h("div", { class: "list-inner", role: "log", "aria-live": "off", "aria-label": label });
    this.#pill = h(
      "button",
      { type: "button", class: "newer", hidden: true, on: { click: () => this.toEnd() } },
      icon("down", 15),
      "New messages",
    );
    host.append(this.#inner);
    host.after(this.#pill);
    host.addEventListener("scroll", () => {
      this.#pinned = this.#gap() < NEAR;
      if (this.#pinned) this.#pill.hidden = true;
    });
    // A person who opens something wants to see it, not the end of the list.
    this.#inner.addEventListener(
      "click",
      (event) => event.target.closest("summary, .link-button") && (this.#pinned = false),
    );
    const watch = new ResizeObserver(() => this.#pinned && this.toEnd());
    watch.observe(host);
    watch.observe(this.#inner);
  }

  /**
   * Shows *items* `{key, signature, build}` in their order. *place* names what is listed (a channel, a thread): in a
   * new place all is drawn at once and its end is shown, or its start; in the same place a new item arrives with a small movement.
   */
  show(place, fromStart, items) {
    const samePlace = place === this.#place;
    if (!samePlace) {
      this.#place = place;
      this.#items.clear();
      this.#inner.replaceChildren();
      this.#pinned = !fromStart;
      this.#host.scrollTop = 0;
      this.#pill.hidden = true;
    }
    const wanted = new Set(items.map((item) => item.key));
    for (const [key, { node }] of this.#items) {
      if (wanted.has(key)) continue;
      node.remove();
      this.#items.delete(key);
    }
    let arrived = false;
    items.forEach((item, index) => {
      const node = this.#draw(item, samePlace);
      if (this.#inner.children[index] !== node) this.#inner.insertBefore(node, this.#inner.children[index] ?? null);
      arrived ||= samePlace && node.classList.contains("arriving") && !node.dataset.seen;
      node.dataset.seen = "1";
    });
    if (this.#pinned) this.toEnd();
    else if (arrived) this.#pill.hidden = false;
  }

  /** Follows what comes from now on. */
  pin() {
    this.#pinned = true;
    this.toEnd();
  }

  toEnd() {
    this.#host.scrollTop = this.#host.scrollHeight;
    this.#pill.hidden = true;
  }

  /** Brings one item into sight. */
  reveal(key) {
    this.#items.get(key)?.node.scrollIntoView({ block: "nearest" });
  }

  #gap() {
    return this.#host.scrollHeight - this.#host.scrollTop - this.#host.clientHeight;
  }

  #draw({ key, signature, build }, animate) {
    const known = this.#items.get(key);
    if (known?.signature === signature) return known.node;
    const fresh = build();
    if (known) {
      exchange(known.node, fresh);
      known.signature = signature;
      return known.node;
    }
    if (animate) fresh.classList.add("arriving");
    this.#items.set(key, { node: fresh, signature });
    return fresh;
  }
}

/** Gives *node* the looks and content of *fresh*, keeping focus and inner scroll positions. */
function exchange(node, fresh) {
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  const scrolls = [...node.querySelectorAll("[data-scroll]")].map((part) => [part.scrollTop, part.scrollLeft]);
  const within = focused?.dataset.focus;
  node.className = fresh.className;
  for (const name of ["data-status", "data-ephemeral"]) {
    if (fresh.hasAttribute(name)) node.setAttribute(name, fresh.getAttribute(name));
  }
  node.replaceChildren(...fresh.childNodes);
  [...node.querySelectorAll("[data-scroll]")].forEach((part, index) => {
    [part.scrollTop, part.scrollLeft] = scrolls[index] ?? [0, 0];
  });
  if (!focused) return;
  const same = within && [...node.querySelectorAll("[data-focus]")].find((part) => part.dataset.focus === within);
  if (same) same.focus({ preventScroll: true });
  else {
    node.tabIndex = -1;
    node.focus({ preventScroll: true });
  }
}
