import { h, redraw } from "./dom.js";
import { icon } from "./icons.js";
import { globalShortcuts } from "./shortcuts.js";

// Where one types: Enter sends, Shift+Enter makes a new line, "/" and "@" offer what could follow.

const USAGES = [
  ["deploy checkout 1.4.2 to prod", "preview, ask, then deploy once"],
  ["restart search in staging", "restart a service"],
  ["roll back checkout in prod", "go back to the version before"],
  ["why is checkout slow in prod?", "look, and change nothing"],
  ["report", "what runs where, and how it does"],
  ["list", "the runs of this channel"],
  ["help", "all it can do"],
];

export class Composer {
  #host;
  #desk;
  #send;
  #button;
  #inThread;
  #area;
  #menu;
  #who;
  #shortcuts;
  #options = [];
  #picked = -1;
  #waiting = 0;

  /** *send*(text) resolves to the server's answer. */
  constructor(host, desk, { testid, inThread = false, send }) {
    this.#host = host;
    this.#desk = desk;
    this.#send = send;
    this.#inThread = inThread;
    const id = `${testid}-menu`;
    this.#area = h("textarea", {
      rows: 1,
      class: "composer-text",
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": id,
      "aria-autocomplete": "list",
      enterkeyhint: "send",
      data: { testid },
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event), blur: () => this.#close() },
    });
    this.#menu = h("div", { class: "offers", id, role: "listbox", "aria-label": "Suggestions", hidden: true });
    this.#who = h("span", { class: "composer-who" });
    this.#shortcuts = h("span");
    this.#button = h(
      "button",
      {
        type: "button",
        class: "send",
        "aria-label": "Send",
        data: { testid: `${testid}-send` },
        on: { click: () => this.#submit() },
      },
      icon("send", 18),
    );
    const box = h(
      "div",
      { class: "composer-box" },
      this.#area,
      h(
        "div",
        { class: "composer-foot" },
        this.#shortcuts,
        this.#who,
        h(
          "span",
          { class: "composer-hint" },
          h("kbd", null, "Enter"),
          " sends, ",
          h("kbd", null, "Shift Enter"),
          " new line",
        ),
        this.#button,
      ),
    );
    box.addEventListener("mousedown", (event) => {
      if (event.target.closest("textarea, button")) return;
      event.preventDefault();
      this.focus();
    });
    host.append(this.#menu, box);
    this.#size();
  }

  focus() {
    this.#area.focus();
  }

  /** Shows for which place and in whose name one types. */
  address(placeholder, who, refusal = null) {
    this.#area.placeholder = refusal ?? placeholder;
    this.#area.setAttribute("aria-label", placeholder);
    this.#area.disabled = Boolean(refusal);
    this.#host.classList.toggle("composer-off", Boolean(refusal));
    this.#who.replaceChildren("as ", h("strong", null, who));
    const { shortcuts } = this.#desk.workspace;
    redraw(this.#shortcuts, JSON.stringify(shortcuts), () => !this.#inThread && globalShortcuts(this.#desk));
  }

  #typed() {
    this.#size();
    this.#host.classList.toggle("composer-filled", this.#area.value.trim() !== "");
    this.#offer();
  }

  #size() {
    this.#area.style.height = "auto";
    // While its pane is hidden the field has no height to take over.
    if (this.#area.scrollHeight) this.#area.style.height = `${this.#area.scrollHeight}px`;
  }

  #key(event) {
    if (event.isComposing) return;
    const open = !this.#menu.hidden && this.#options.length > 0;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.#pick(event.key === "ArrowDown" ? this.#picked + 1 : this.#picked - 1);
    } else if (open && (event.key === "Tab" || (event.key === "Enter" && this.#picked >= 0)) && !event.shiftKey) {
      event.preventDefault();
      this.#take(this.#options[Math.max(0, this.#picked)]);
    } else if (!this.#menu.hidden && event.key === "Escape") {
      event.stopPropagation();
      this.#close();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    }
  }

  async #submit() {
    const text = this.#area.value.trim();
    if (!text || this.#area.disabled) return;
    this.#set("");
    this.#waiting += 1;
    this.#button.toggleAttribute("aria-busy", true);
    const answer = await this.#send(text);
    this.#waiting -= 1;
    this.#button.toggleAttribute("aria-busy", this.#waiting > 0);
    if (!answer.ok && this.#area.value === "") this.#set(text);
  }

  #set(text) {
    this.#area.value = text;
    this.#close();
    this.#size();
    this.#host.classList.toggle("composer-filled", text !== "");
  }

  // --- offers ---

  #offer() {
    const text = this.#area.value;
    const { command } = this.#desk.workspace;
    const name = /(?:^|\s)@([\w.-]*)$/.exec(text);
    if (text.startsWith("/") && this.#inThread)
      return this.#note(`${command} works in the channel. Here, just reply.`);
    if (command.startsWith(text.split(" ")[0]) && text.startsWith("/"))
      return this.#list(usages(text, command), "What Handrail understands");
    if (name) return this.#list(this.#names(name[1], text), "People and groups");
    return this.#close();
  }

  #names(begun, text) {
    const { workspace } = this.#desk;
    const stem = text.slice(0, text.length - begun.length);
    const names = [
      workspace.bot.name,
      ...workspace.people.map((person) => person.name),
      ...workspace.people.flatMap((person) => workspace.handlesOf(person.id)),
    ];
    return [...new Set(names)]
      .filter((name) => name.startsWith(begun.toLowerCase()) && name !== begun)
      .map((name) => ({ words: `@${name}`, text: `${stem}${name} ` }));
  }

  #list(options, title) {
    this.#options = options;
    if (!options.length) return this.#close();
    const rows = options.map((option, index) =>
      h(
        "div",
        {
          class: "offer",
          role: "option",
          id: `${this.#menu.id}-${index}`,
          "aria-selected": "false",
          on: { mousedown: (event) => (event.preventDefault(), this.#take(option)) },
        },
        h("span", { class: "offer-words" }, option.words),
        option.detail && h("span", { class: "offer-detail" }, option.detail),
      ),
    );
    this.#menu.replaceChildren(
      h(
        "div",
        { class: "offers-title", role: "presentation" },
        title,
        h("span", null, h("kbd", null, "Tab"), " fills in"),
      ),
      ...rows,
    );
    this.#open(-1);
  }

  #note(words) {
    this.#options = [];
    this.#menu.replaceChildren(h("div", { class: "offers-title" }, words));
    this.#open(-1);
  }

  #open(picked) {
    this.#menu.hidden = false;
    this.#area.setAttribute("aria-expanded", "true");
    this.#picked = picked;
    this.#area.removeAttribute("aria-activedescendant");
  }

  #close() {
    this.#menu.hidden = true;
    this.#area.setAttribute("aria-expanded", "false");
    this.#picked = -1;
  }

  #pick(index) {
    const rows = [...this.#menu.querySelectorAll(".offer")];
    this.#picked = (index + rows.length) % rows.length;
    rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === this.#picked)));
    rows[this.#picked].scrollIntoView({ block: "nearest" });
    this.#area.setAttribute("aria-activedescendant", rows[this.#picked].id);
  }

  #take(option) {
    this.#set(option.text);
    this.focus();
    this.#offer();
  }
}

function usages(text, command) {
  return USAGES.map(([rest, detail]) => ({ words: `${command} ${rest}`, detail, text: `${command} ${rest}` })).filter(
    (usage) => usage.words.startsWith(text) && usage.words !== text,
  );
}
