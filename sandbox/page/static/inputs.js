import { h } from "./dom.js";
import { textObject, plainText } from "./mrkdwn.js";
import { askConfirm } from "./confirm.js";

// Fields: what a person types or picks, in the shape of Slack's `view.state.values`.

let serial = 0;

/** The `input` block: a label, the field, a hint, and a place for what is wrong with it. */
export function input(block, surface) {
  const id = `field-${++serial}`;
  const part = { ...block.element, id };
  const grouped = ["radio_buttons", "checkboxes", "multi_static_select"].includes(part.type);
  return h(
    grouped ? "fieldset" : "div",
    { "aria-describedby": `${id}-error` },
    h(
      grouped ? "legend" : "label",
      { for: grouped ? null : id, class: "label" },
      textObject(block.label, surface.names),
      block.optional && h("span", { class: "optional" }, " (optional)"),
    ),
    control(block, part, surface, { sends: Boolean(block.dispatch_action), required: !block.optional }),
    block.hint && h("p", { class: "hint" }, textObject(block.hint, surface.names)),
    h("p", { class: "field-error", id: `${id}-error`, role: "alert", data: { errorFor: block.block_id } }),
  );
}

/** A field. It is read when its view is submitted, and when it *sends*, told to the server at each change. */
export function control(block, part, surface, { sends = false, required = false } = {}) {
  const build = CONTROLS[part.type];
  if (!build) return h("span", { class: "unknown" }, `This page can't show a “${part.type}” field yet.`);
  const name = `${block.block_id} ${part.action_id}`;
  const before = surface.typed?.get(name);
  const { node, read } = build(part, surface, before, required);
  const state = () => ({ type: part.type, ...read() });
  surface.fields?.set(name, { block_id: block.block_id, action_id: part.action_id, state });
  node.dataset.testid = `field-${part.action_id}`;
  node.dataset.field = name;
  if (sends) node.addEventListener("change", () => tell(block, part, surface, state));
  return node;
}

async function tell(block, part, surface, state) {
  if (part.confirm && !(await askConfirm(part.confirm, surface.names))) return;
  await surface.send({ block_id: block.block_id, action_id: part.action_id, ...state() });
}

function typed(part, before, required, props, tag = "input") {
  const node = h(tag, {
    id: part.id,
    class: "input",
    placeholder: plainText(part.placeholder),
    "aria-required": required ? "true" : null,
    autofocus: part.focus_on_load,
    maxlength: part.max_length,
    ...props,
    value: before?.value ?? part.initial_value ?? "",
  });
  return { node, read: () => ({ value: node.value === "" ? null : node.value }) };
}

function choice(part, surface, before, required) {
  const groups = part.option_groups ?? [{ options: part.options ?? [] }];
  const options = groups.flatMap((group) => group.options);
  const chosen = before?.selected_option ?? part.initial_option;
  const item = (option) =>
    h(
      "option",
      { value: String(options.indexOf(option)), selected: chosen?.value === option.value },
      plainText(option.text),
    );
  const node = h(
    "select",
    {
      id: part.id,
      class: "input select",
      "aria-required": required ? "true" : null,
      "aria-label": part.id ? null : plainText(part.placeholder) || "Choose",
    },
    h("option", { value: "", disabled: required, selected: !chosen }, plainText(part.placeholder) || "Choose…"),
    ...groups.map((group) =>
      group.label
        ? h("optgroup", { label: plainText(group.label) }, ...group.options.map(item))
        : group.options.map(item),
    ),
  );
  return { node, read: () => ({ selected_option: options[Number.parseInt(node.value, 10)] ?? null }) };
}

/** A list of which several can be picked: a box each, in a frame that scrolls. */
function several(part, surface, before) {
  const groups = part.option_groups ?? [{ options: part.options ?? [] }];
  const listed = { ...part, options: groups.flatMap((group) => group.options) };
  const made = boxes("checkbox")(listed, surface, before);
  made.node.classList.add("choices-framed");
  return made;
}

function people(part, surface, before, required) {
  const node = h(
    "select",
    {
      id: part.id,
      class: "input select",
      "aria-required": required ? "true" : null,
      "aria-label": part.id ? null : plainText(part.placeholder) || "Choose a person",
    },
    h("option", { value: "" }, plainText(part.placeholder) || "Choose a person…"),
    ...surface.names
      .people()
      .map((person) =>
        h(
          "option",
          { value: person.id, selected: (before?.selected_user ?? part.initial_user) === person.id },
          person.name,
        ),
      ),
  );
  return { node, read: () => ({ selected_user: node.value || null }) };
}

/** Channels and direct messages that one sees here, as far as the filter lets them through. */
function conversations(part, surface, before, required) {
  const include = part.filter?.include;
  const kind = (channel) => (channel.is_im ? "im" : channel.is_private ? "private" : "public");
  const known = surface.names.conversations().filter((channel) => !include || include.includes(kind(channel)));
  const here = part.default_to_current_conversation ? surface.here : null;
  const begun = part.initial_conversation ?? known.find((channel) => channel.id === here)?.id;
  const chosen = before ? before.selected_conversation : begun;
  const node = h(
    "select",
    {
      id: part.id,
      class: "input select",
      "aria-required": required ? "true" : null,
      "aria-label": part.id ? null : plainText(part.placeholder) || "Choose a channel",
    },
    h("option", { value: "" }, plainText(part.placeholder) || "Choose a channel…"),
    ...known.map((channel) =>
      h("option", { value: channel.id, selected: channel.id === chosen }, `${channel.is_im ? "" : "#"}${channel.name}`),
    ),
  );
  return { node, read: () => ({ selected_conversation: node.value || null }) };
}

function boxes(kind) {
  return (part, surface, before) => {
    const group = `group-${++serial}`;
    const chosen = (
      before ? (before.selected_options ?? [before.selected_option]) : (part.initial_options ?? [part.initial_option])
    )
      .filter(Boolean)
      .map((option) => option.value);
    const items = (part.options ?? []).map((option) => {
      const box = h("input", { type: kind, name: group, checked: chosen.includes(option.value) });
      const words = h(
        "span",
        null,
        textObject(option.text, surface.names),
        option.description && h("span", { class: "hint" }, textObject(option.description, surface.names)),
      );
      return { option, box, node: h("label", { class: "choice" }, box, words) };
    });
    const picked = () => items.filter(({ box }) => box.checked).map(({ option }) => option);
    return {
      node: h(
        "div",
        { class: "choices", role: kind === "radio" ? "radiogroup" : "group" },
        ...items.map(({ node }) => node),
      ),
      read: () => (kind === "radio" ? { selected_option: picked()[0] ?? null } : { selected_options: picked() }),
    };
  };
}

/** What was typed and picked, as `view.state.values`. */
export function stateOf(fields) {
  const values = {};
  for (const { block_id: block, action_id: action, state } of fields.values()) {
    values[block] = { ...values[block], [action]: state() };
  }
  return values;
}

const CONTROLS = {
  plain_text_input: (part, surface, before, required) =>
    part.multiline
      ? typed(part, before, required, { rows: 5, class: "input textarea" }, "textarea")
      : typed(part, before, required, { type: "text", autocomplete: "off" }),
  email_text_input: (part, surface, before, required) => typed(part, before, required, { type: "email" }),
  url_text_input: (part, surface, before, required) => typed(part, before, required, { type: "url" }),
  number_input: (part, surface, before, required) =>
    typed(part, before, required, {
      type: "number",
      min: part.min_value,
      max: part.max_value,
      step: part.is_decimal_allowed ? "any" : 1,
    }),
  datepicker: (part, surface, before, required) => {
    const { node } = typed({ ...part, initial_value: before?.selected_date ?? part.initial_date }, null, required, {
      type: "date",
    });
    return { node, read: () => ({ selected_date: node.value || null }) };
  },
  timepicker: (part, surface, before, required) => {
    const { node } = typed({ ...part, initial_value: before?.selected_time ?? part.initial_time }, null, required, {
      type: "time",
    });
    return { node, read: () => ({ selected_time: node.value || null }) };
  },
  static_select: choice,
  multi_static_select: several,
  users_select: people,
  conversations_select: conversations,
  radio_buttons: boxes("radio"),
  checkboxes: boxes("checkbox"),
};
