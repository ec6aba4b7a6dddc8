import { kept } from "./dom.js";

const wide = matchMedia("(min-width: 1280px)");
const narrow = matchMedia("(max-width: 899px)");

/** Which columns stand side by side; on a narrow screen one pane shows at a time and tabs choose it. */
export class Columns {
  #root = document.querySelector("#app");
  #tabs = [...document.querySelectorAll("#tabs button")];
  #desk;

  constructor(desk) {
    this.#desk = desk;
    const fit = () => (this.#root.dataset.fleet = wide.matches && kept.get("fleet") !== "closed" ? "open" : "closed");
    fit();
    wide.addEventListener("change", fit);
    for (const tab of this.#tabs) tab.addEventListener("click", () => this.#choose(tab.dataset.tab));
    document.querySelector("#shade").addEventListener("click", () => this.toggleFleet(false));
    this.show("channel");
  }

  /** Whether only one pane shows. */
  get single() {
    return narrow.matches;
  }

  /** Whether the fleet lies over the other columns just now. */
  get drawerIsOpen() {
    return !wide.matches && !narrow.matches && this.#root.dataset.fleet === "open";
  }

  ready() {
    this.#root.dataset.ready = "yes";
  }

  show(pane) {
    this.#root.dataset.pane = pane;
    for (const tab of this.#tabs) tab.setAttribute("aria-current", tab.dataset.tab === pane ? "page" : "false");
  }

  toggleFleet(open = this.#root.dataset.fleet !== "open") {
    this.#root.dataset.fleet = open ? "open" : "closed";
    if (wide.matches) kept.set("fleet", open ? "open" : "closed");
  }

  draw({ place, hasThread }) {
    this.#root.dataset.place = place;
    this.#root.dataset.thread = hasThread ? "open" : "closed";
    this.#tabs.find((tab) => tab.dataset.tab === "thread").disabled = !this.#desk.thread;
  }

  #choose(pane) {
    this.show(pane);
    if (pane === "thread") this.#desk.backFromHome();
    else this.#desk.draw();
  }
}
