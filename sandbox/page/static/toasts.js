import { h } from "./dom.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";

const SHOWN_FOR = 6000;
const SPOKEN = 300;

/** A short word at the foot of the page; an error waits longer. */
export function toast(text, { error = false } = {}) {
  const host = document.querySelector("#toasts");
  const gone = () => node.remove();
  const node = h(
    "div",
    { class: error ? "toast toast-error" : "toast", role: error ? "alert" : "status", data: { testid: "toast" } },
    h("span", null, text),
    h(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Dismiss", on: { click: gone } },
      icon("close", 15),
    ),
  );
  host.append(node);
  while (host.children.length > 3) host.firstElementChild.remove();
  setTimeout(gone, error ? SHOWN_FOR * 1.5 : SHOWN_FOR);
}

/** Says a new message to a screen reader, once; that a card changes is told by the state of its thread. */
export function announce(message, workspace) {
  const name = workspace.user(message.user)?.name ?? workspace.bot.name;
  const words = mrkdwn(message.text, workspace.names).textContent.slice(0, SPOKEN);
  const whom = message.is_ephemeral ? "Only visible to you. " : "";
  document.querySelector("#announcer").textContent = `${whom}${name}: ${words}`;
}

const REFUSALS = {
  operation_timeout: "The bot did not answer in time.",
  dispatch_failed: "The bot did not take that. Is it up?",
  invalid_command: "There is no such command here.",
  command_not_supported_in_threads: "Commands work in the channel, not in threads.",
  element_not_found: "That is no longer there: the message was redrawn.",
  message_not_found: "That message is gone.",
  view_not_found: "That dialog is no longer open.",
  not_in_channel: "You are not in that channel.",
  session_not_processing: "There is nothing to stop: it is not working just now.",
};

/** The server's word for why not, as a sentence. */
export function refusal(error) {
  if (!error) return "That did not work.";
  const words = REFUSALS[error] ?? String(error).replaceAll("_", " ");
  return `${words[0].toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;
}
