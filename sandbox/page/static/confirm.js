import { h, holdFocus } from "./dom.js";
import { textObject, plainText } from "./mrkdwn.js";

/** Slack's `confirm` object as a question; resolves to whether the person said yes. */
export function askConfirm(confirm, names) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { class: "dialog dialog-confirm", "aria-labelledby": "confirm-title", data: { testid: "confirm" } },
      h("h2", { id: "confirm-title" }, plainText(confirm.title) || "Are you sure?"),
      h("div", { class: "dialog-body text" }, textObject(confirm.text ?? "", names)),
      h(
        "div",
        { class: "dialog-foot" },
        h(
          "button",
          {
            type: "button",
            class: "button",
            data: { testid: "confirm-no" },
            on: { click: () => dialog.close("no") },
          },
          plainText(confirm.deny) || "Cancel",
        ),
        h(
          "button",
          {
            type: "button",
            class: `button ${confirm.style === "danger" ? "button-danger-solid" : "button-primary"}`,
            autofocus: true,
            data: { testid: "confirm-yes" },
            on: { click: () => dialog.close("yes") },
          },
          plainText(confirm.confirm) || "Yes",
        ),
      ),
    );
    const giveBackFocus = holdFocus();
    dialog.addEventListener("close", () => {
      dialog.remove();
      giveBackFocus();
      resolve(dialog.returnValue === "yes");
    });
    dialog.addEventListener("cancel", () => (dialog.returnValue = "no"));
    document.body.append(dialog);
    dialog.showModal();
  });
}
