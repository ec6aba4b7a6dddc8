import { fleetButton } from "./fleet.js";
import { h } from "./dom.js";
import { rail } from "./icons.js";
import { renderBlocks } from "./blocks.js";
import { stateOf } from "./inputs.js";

/** The app's home tab, as the bot published it for the person one is. */
export class HomePane {
  #desk;
  #body;
  #fields = new Map();
  #signature = null;

  constructor(host, desk) {
    this.#desk = desk;
    this.#body = h("div", { class: "home-body blocks", data: { testid: "home-view" } });
    host.append(
      h(
        "header",
        { class: "pane-head" },
        h(
          "div",
          { class: "pane-title" },
          h("span", { class: "home-sign" }, rail(26)),
          h("h1", null, "Handrail"),
          h("span", { class: "app-tag" }, "App"),
        ),
        fleetButton(desk),
      ),
      h("div", { class: "list home-list", tabindex: 0 }, this.#body),
    );
  }

  draw() {
    const { workspace } = this.#desk;
    const view = workspace.home;
    if (!view) {
      this.#signature = null;
      this.#body.replaceChildren(
        h("div", { class: "home-empty" }, rail(48), h("p", null, "Your runs, and what waits for you, will be here.")),
      );
      return;
    }
    const signature = JSON.stringify([view, workspace.me.id]);
    if (this.#signature === signature) return;
    this.#signature = signature;
    const typed = new Map([...this.#fields].map(([name, field]) => [name, field.state()]));
    this.#fields = new Map();
    const send = (action) => this.#desk.click({ view_id: view.id, ...action, state: stateOf(this.#fields) });
    this.#body.replaceChildren(
      ...renderBlocks(view.blocks, { key: "home", names: workspace.names, fields: this.#fields, typed, send }),
    );
  }
}
