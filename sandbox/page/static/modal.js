import { h, holdFocus } from "./dom.js";
import { icon } from "./icons.js";
import { plainText } from "./mrkdwn.js";
import { renderBlocks } from "./blocks.js";
import { busyWhile } from "./elements.js";
import { stateOf } from "./inputs.js";

/** The stack of open views. *desk* is the page: names, clicks, submit and close. */
export class Modals {
  #open = new Map();
  #desk;

  constructor(desk) {
    this.#desk = desk;
  }

  has(id) {
    return this.#open.has(id);
  }

  open(view) {
    if (this.#open.has(view.id)) return this.update(view);
    if (!view.previous_view_id) this.closeAll();
    const dialog = h("dialog", {
      class: "dialog dialog-view",
      "aria-labelledby": `title-${view.id}`,
      data: { testid: "modal", viewId: view.id },
    });
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#dismiss(view.id);
    });
    dialog.addEventListener("mousedown", (event) => (dialog.dataset.outside = event.target === dialog ? "yes" : ""));
    this.#open.set(view.id, { view, dialog, fields: new Map(), giveBackFocus: holdFocus() });
    this.#draw(view, new Map());
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("[autofocus], .dialog-body .input, .dialog-body input")?.focus();
  }

  /** Redraws a view; what was typed into fields that are still there stays, and so does the focus. */
  update(view) {
    const entry = this.#open.get(view.id);
    if (!entry) return this.open(view);
    entry.view = view;
    const field = document.activeElement?.closest("[data-field]")?.dataset.field;
    this.#draw(view, typedIn(entry.fields));
    if (field) entry.dialog.querySelector(`[data-field="${CSS.escape(field)}"]`)?.focus();
  }

  close(id) {
    const entry = this.#open.get(id);
    if (!entry) return;
    this.#open.delete(id);
    entry.dialog.close();
    entry.dialog.remove();
    entry.giveBackFocus();
  }

  closeAll() {
    for (const id of [...this.#open.keys()].reverse()) this.close(id);
  }

  /** Makes what is open agree with *views*, the stack the server knows of. */
  settle(views) {
    for (const id of [...this.#open.keys()].reverse()) if (!views.some((view) => view.id === id)) this.close(id);
    for (const view of views) if (!this.#open.has(view.id)) this.open(view);
  }

  #draw(view, typed) {
    const entry = this.#open.get(view.id);
    entry.fields = new Map();
    const surface = {
      key: view.id,
      names: this.#desk.names,
      here: this.#desk.channelId,
      fields: entry.fields,
      typed,
      send: (action) => this.#desk.click({ view_id: view.id, ...action, state: stateOf(entry.fields) }),
    };
    const submit =
      view.submit &&
      h(
        "button",
        { type: "submit", class: "button button-primary", data: { testid: "modal-submit" } },
        plainText(view.submit),
      );
    const form = h(
      "form",
      { novalidate: true, on: { submit: (event) => this.#submit(event, view.id, submit) } },
      h(
        "div",
        { class: "dialog-head" },
        h("h2", { id: `title-${view.id}` }, plainText(view.title)),
        h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Close",
            data: { testid: "modal-x" },
            on: { click: () => this.#dismiss(view.id) },
          },
          icon("close", 20),
        ),
      ),
      h("div", { class: "dialog-body blocks", tabindex: -1 }, ...renderBlocks(view.blocks, surface)),
      h(
        "div",
        { class: "dialog-foot" },
        h(
          "button",
          {
            type: "button",
            class: "button",
            data: { testid: "modal-close" },
            on: { click: () => this.#dismiss(view.id) },
          },
          plainText(view.close) || (submit ? "Cancel" : "Close"),
        ),
        submit,
      ),
    );
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) form.requestSubmit();
    });
    entry.dialog.replaceChildren(form);
  }

  #dismiss(id) {
    this.close(id);
    this.#desk.closeView(id);
  }

  async #submit(event, id, button) {
    event.preventDefault();
    const entry = this.#open.get(id);
    if (!entry || !button) return;
    showErrors(entry.dialog, {});
    const answer = await busyWhile(button, () => this.#desk.submitView(id, stateOf(entry.fields)));
    if (answer?.errors) showErrors(entry.dialog, answer.errors);
  }
}

function typedIn(fields) {
  return new Map([...fields].map(([name, field]) => [name, field.state()]));
}

function showErrors(dialog, errors) {
  for (const place of dialog.querySelectorAll("[data-error-for]")) {
    const error = errors[place.dataset.errorFor];
    place.textContent = error ?? "";
    place.parentElement.classList.toggle("wrong", Boolean(error));
    const field = place.parentElement.querySelector("[data-field]");
    if (error) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
  }
  dialog.querySelector(".wrong .input, .wrong input")?.focus();
}
