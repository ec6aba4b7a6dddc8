import { h } from "./dom.js";
import { rail } from "./icons.js";

// Who is who, and who you are.

const TILES = 6;

/** A tile with a person's initial; the bot has its rail. */
export function avatar(workspace, id, { isBot = false, size = "" } = {}) {
  const classes = `avatar ${size && `avatar-${size}`}`;
  if (isBot || id === workspace.bot.user_id)
    return h("span", { class: `${classes} avatar-bot`, "aria-hidden": "true" }, rail());
  const name = workspace.user(id)?.name ?? "?";
  const place = workspace.people.findIndex((person) => person.id === id);
  const tile = place >= 0 ? place % TILES : TILES - 1;
  return h("span", { class: `${classes} tile-${tile}`, "aria-hidden": "true" }, name[0].toUpperCase());
}

/** The choice of who you are. *desk* is told with `become(id)`. */
export function peopleSwitch(desk, { compact = false } = {}) {
  const { workspace } = desk;
  const chip = (person, index) => {
    const active = person.id === workspace.me.id;
    const groups = workspace.handlesOf(person.id).map((handle) => `@${handle}`);
    return h(
      "button",
      {
        type: "button",
        class: "person",
        role: "radio",
        "aria-checked": String(active),
        "aria-label": compact ? `Be ${person.name}` : null,
        tabindex: active ? 0 : -1,
        title: compact ? person.name : `Be ${person.name} (key ${index + 1})`,
        data: { testid: compact ? `person-compact-${person.id}` : `person-${person.id}`, person: person.id },
        on: { click: () => desk.become(person.id) },
      },
      avatar(workspace, person.id),
      !compact &&
        h(
          "span",
          { class: "person-words" },
          h("span", { class: "person-name" }, person.name),
          groups.length > 0 && h("span", { class: "person-groups" }, groups.join(" ")),
        ),
      !compact && h("kbd", { "aria-hidden": "true" }, index + 1),
    );
  };
  const chips = workspace.people.map(chip);
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = chips[(chips.indexOf(document.activeElement) + step + chips.length) % chips.length];
    next.focus();
    next.click();
  };
  return h(
    "div",
    {
      class: compact ? "people people-compact" : "people",
      role: "radiogroup",
      "aria-label": "You are",
      on: { keydown: move },
    },
    ...chips,
  );
}
