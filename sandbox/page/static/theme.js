import { h, kept } from "./dom.js";
import { icon } from "./icons.js";

// Light, dark, or as the system has it.

const THEMES = [
  ["auto", "auto", "As the system"],
  ["light", "sun", "Light"],
  ["dark", "moon", "Dark"],
];

export function applyTheme() {
  const theme = kept.get("theme") ?? "auto";
  document.documentElement.dataset.theme = theme;
  return theme;
}

/** Three ways to look, one of them on. */
export function themeButton() {
  const group = h("div", { class: "themes", role: "radiogroup", "aria-label": "Theme" });
  const draw = () => {
    const theme = applyTheme();
    group.replaceChildren(
      ...THEMES.map(([name, sign, words]) =>
        h(
          "button",
          {
            type: "button",
            role: "radio",
            "aria-checked": String(name === theme),
            "aria-label": words,
            title: words,
            data: { testid: `theme-${name}` },
            on: { click: () => choose(name) },
          },
          icon(sign, 16),
        ),
      ),
    );
  };
  const choose = (name) => {
    kept.set("theme", name);
    draw();
    group.querySelector('[aria-checked="true"]').focus();
  };
  draw();
  return group;
}
