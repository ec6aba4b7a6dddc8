import { h } from "./dom.js";
import { icon } from "./icons.js";
import { busyWhile } from "./elements.js";
import { menu } from "./menu.js";

// The app's shortcuts, and what it suggests in direct messages.

/** Beside the place to type: the shortcuts that work anywhere. */
export function globalShortcuts(desk) {
  return opener(desk, "global", "Shortcuts", "bolt", { class: "icon-button", testid: "shortcuts" });
}

/** On a message: the shortcuts about it. An ephemeral message has none. */
export function messageShortcuts(desk, message) {
  if (message.is_ephemeral) return null;
  const looks = { class: "icon-button message-more", testid: "message-shortcuts", focus: "message-shortcuts" };
  return opener(desk, "message", "More about this message", "more", looks, { channel: message.channel, ts: message.ts });
}

function opener(desk, type, label, sign, { class: look, ...data }, target = null) {
  const known = desk.workspace.shortcuts.filter((shortcut) => shortcut.type === type);
  if (!known.length) return null;
  const button = h("button", { type: "button", class: look, "aria-label": label, title: label, data }, icon(sign, 18));
  const items = known.map(({ name, callback_id: callback }) => [
    name,
    () => busyWhile(button, () => desk.shortcut(callback, target)),
  ]);
  return menu(button, items);
}

/** Chips above the place to type to the bot: a click says it. */
export function prompts(desk, said) {
  const chips = said.prompts.map(({ title, message }) => {
    const node = h("button", { type: "button", class: "chip", title: message, data: { testid: "prompt" } }, title);
    node.addEventListener("click", () => busyWhile(node, () => desk.say(message)));
    return node;
  });
  const lead = said.title && h("span", { class: "chips-lead" }, said.title);
  return h("div", { class: "chips", role: "group", "aria-label": said.title || "Suggested prompts" }, lead, ...chips);
}
