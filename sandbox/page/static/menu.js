import { h } from "./dom.js";

/** *opener* with a menu that it opens; *items* are what stands there and what choosing it does. Arrows walk, Esc closes. */
export function menu(opener, items) {
  const list = h("div", { class: "menu", role: "menu", popover: "auto" });
  list.append(
    ...items.map(([words, choose]) =>
      h("button", { type: "button", role: "menuitem", on: { click: () => (list.hidePopover(), choose()) } }, words),
    ),
  );
  opener.setAttribute("aria-haspopup", "menu");
  opener.addEventListener("click", () => {
    list.showPopover();
    place(list, opener);
    list.firstElementChild?.focus();
  });
  list.addEventListener("keydown", (event) => walk(event, [...list.children]));
  return h("span", { class: "overflow" }, opener, list);
}

function place(list, opener) {
  const at = opener.getBoundingClientRect();
  const below = at.bottom + list.offsetHeight + 12 < innerHeight;
  list.style.top = `${below ? at.bottom + 4 : at.top - list.offsetHeight - 4}px`;
  list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - list.offsetWidth - 8))}px`;
}

function walk(event, items) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length]?.focus();
}
