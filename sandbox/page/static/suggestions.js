import { h, kept } from "./dom.js";
import { icon } from "./icons.js";
import { busyWhile } from "./elements.js";

// What to try first. A click says it.

const TRY = [
  ["Ship a fix", "deploy checkout 1.4.2 to prod"],
  ["Restart a service", "restart search in staging"],
  ["See what runs where", "report"],
  ["Take it back", "roll back checkout in prod"],
  ["Ask why", "why is checkout slow in prod?"],
];
const STARTERS = ["Ship a fix", "Ask why", "Restart a service", "Take it back"];
const STEPS = [
  ["Ask", "in plain words"],
  ["Preview", "what would change"],
  ["Approve", "by who may decide"],
  ["Once", "just as it was shown"],
];

/** Chips above the composer. */
export function suggestions(desk) {
  const chips = TRY.map(([, words]) =>
    offer(desk, words, "chip", [h("span", { class: "spoken" }, `${desk.workspace.command} `), words]),
  );
  return h(
    "div",
    { class: "chips", role: "group", "aria-label": "Suggestions" },
    h("span", { class: "chips-lead" }, "Try ", h("code", null, desk.workspace.command)),
    ...chips,
  );
}

/** What an empty channel shows instead: how it goes, and the same suggestions, larger. */
export function firstSteps(desk) {
  const { command } = desk.workspace;
  const starters = STARTERS.map((title) => {
    const [, words] = TRY.find(([other]) => other === title);
    return offer(desk, words, "starter", [h("strong", null, title), h("span", null, `${command} ${words}`)]);
  });
  return [
    h(
      "ol",
      { class: "steps" },
      ...STEPS.map(([step, words]) => h("li", null, h("strong", null, step), h("span", null, words))),
    ),
    h("div", { class: "starters", role: "group", "aria-label": "Suggestions" }, ...starters),
  ];
}

function offer(desk, words, kind, content) {
  const text = `${desk.workspace.command} ${words}`;
  const node = h(
    "button",
    { type: "button", class: kind, title: text, data: { testid: "suggestion", says: words } },
    ...content,
  );
  node.addEventListener("click", () => busyWhile(node, () => desk.say(text)));
  return node;
}

export function hintIsOn() {
  return kept.get("hint") !== "seen";
}

/** The strip a newcomer sees, until it is put away. */
export function hint(desk, redraw) {
  const { me } = desk.workspace;
  const first = desk.firstPerson();
  const name = (person) => h("strong", null, person?.name ?? "");
  const words =
    me.id === first?.id
      ? ["You are ", name(me), ". Type, or click a suggestion. ", name(desk.otherPerson()), " approves."]
      : ["You are ", name(me), " now. ", again(desk, first)];
  const away = () => {
    kept.set("hint", "seen");
    redraw();
  };
  return h(
    "div",
    { class: "hint-strip", role: "note", data: { testid: "hint" } },
    h("span", null, ...words),
    h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "Put this hint away",
        data: { testid: "hint-close" },
        on: { click: away },
      },
      icon("close", 15),
    ),
  );
}

function again(desk, first) {
  const props = {
    type: "button",
    class: "link-button",
    data: { testid: "be-first" },
    on: { click: () => desk.become(first.id) },
  };
  return h("button", props, `Be ${first.name} again`);
}
