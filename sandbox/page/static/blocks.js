import { h, safeUrl } from "./dom.js";
import { mrkdwn, textObject, plainText } from "./mrkdwn.js";
import { markdown } from "./markdown.js";
import { richText } from "./blocks_rich_text.js";
import { table } from "./blocks_table.js";
import { plan, taskCard } from "./blocks_plan.js";
import { element, button } from "./elements.js";
import { input } from "./inputs.js";
import { icon } from "./icons.js";

// Block Kit as nodes: https://docs.slack.dev/reference/block-kit/blocks
//
// A *surface* is where blocks stand: a message, a modal, the home tab. It has
//   key      what names it, for things to remember about it
//   names    people, channels and groups by id
//   send     (action) => Promise<{ok}>: a click on its way to the server
//   fields   Map of what was typed, `block_id action_id` -> () => value; null outside views

/** The blocks of a message or a view, one node each. */
export function renderBlocks(blocks, surface) {
  return (blocks ?? []).map((block) => {
    const node = (KINDS[block.type] ?? unknown)(block, surface);
    node.classList.add("block", `block-${block.type}`);
    if (block.block_id) node.dataset.blockId = block.block_id;
    return node;
  });
}

const LONG_TEXT = 700;

function section(block, surface) {
  const fields = block.fields?.map((field) => h("div", { class: "field" }, textObject(field, surface.names)));
  return h(
    "div",
    null,
    h(
      "div",
      { class: "section-body" },
      block.text && shortened(block, h("div", { class: "text" }, textObject(block.text, surface.names))),
      fields && h("div", { class: "fields" }, ...fields),
    ),
    block.accessory && h("div", { class: "accessory" }, element(block, block.accessory, surface)),
  );
}

function shortened(block, body) {
  if (block.expand || body.textContent.length <= LONG_TEXT) return body;
  body.classList.add("cut");
  const more = h("button", { type: "button", class: "link-button", "aria-expanded": "false" }, "See more");
  more.addEventListener("click", () => {
    const cut = body.classList.toggle("cut");
    more.textContent = cut ? "See more" : "See less";
    more.setAttribute("aria-expanded", String(!cut));
  });
  return [body, more];
}

function context(block, surface) {
  const parts = (block.elements ?? []).map((part) =>
    part.type === "image"
      ? picture(part, "context-image")
      : h("span", { class: "context-text" }, textObject(part, surface.names)),
  );
  return h("div", null, ...parts);
}

function contextActions(block, surface) {
  return h(
    "div",
    null,
    ...visible(block.elements, surface).flatMap((part) =>
      part.type === "feedback_buttons" ? feedback(block, part, surface) : [element(block, part, surface)],
    ),
  );
}

function feedback(block, part, surface) {
  const thumb = (choice, name) => {
    const label = choice.accessibility_label ?? plainText(choice.text);
    const node = button(
      block,
      { ...choice, type: "button", action_id: part.action_id, class: `thumb thumb-${name}` },
      surface,
      [icon("thumb_up", 16)],
    );
    node.setAttribute("aria-label", label);
    node.title = plainText(choice.text);
    node.setAttribute("aria-pressed", "false");
    node.addEventListener("click", () =>
      pair.forEach((other) => other.setAttribute("aria-pressed", String(other === node))),
    );
    return node;
  };
  const pair = [
    part.positive_button && thumb(part.positive_button, "up"),
    part.negative_button && thumb(part.negative_button, "down"),
  ].filter(Boolean);
  return pair;
}

function picture(part, kind) {
  const src = safeUrl(part.image_url ?? part.slack_file?.url ?? "");
  return h("img", { src, alt: part.alt_text ?? "", class: kind, loading: "lazy" });
}

function image(block, surface) {
  return h(
    "figure",
    null,
    block.title && h("figcaption", null, textObject(block.title, surface.names)),
    picture(block, "image"),
  );
}

function container(block, surface) {
  const title = block.rich_text_title
    ? richText(block.rich_text_title, surface)
    : h("strong", null, textObject(block.title, surface.names));
  const head = [title, block.subtitle && h("div", { class: "subtitle" }, textObject(block.subtitle, surface.names))];
  const inside = h("div", { class: "container-body" }, ...renderBlocks(block.child_blocks, surface));
  if (!block.is_collapsible) return h("div", null, h("div", { class: "container-head" }, ...head), inside);
  return h(
    "details",
    { open: !block.default_collapsed },
    h("summary", { class: "container-head" }, h("div", null, ...head), icon("chevron", 16)),
    inside,
  );
}

function card(block, surface) {
  return h(
    "div",
    null,
    block.hero_image && picture(block.hero_image, "image"),
    h("strong", null, textObject(block.title ?? "", surface.names)),
    block.subtitle && h("div", { class: "subtitle" }, textObject(block.subtitle, surface.names)),
    block.body && h("div", { class: "text" }, textObject(block.body, surface.names)),
    block.actions &&
      h("div", { class: "block-actions" }, ...block.actions.map((part) => element(block, part, surface))),
  );
}

/** The elements that the reader may see at all. */
function visible(elements, surface) {
  return (elements ?? []).filter((part) => part.visible_to_user_ids?.some((id) => surface.names.isMe(id)) ?? true);
}

function unknown(block) {
  return h("div", { class: "unknown" }, `This page can't show a “${block.type}” block yet.`);
}

const KINDS = {
  section,
  context,
  image,
  container,
  card,
  plan,
  table,
  input,
  data_table: table,
  task_card: taskCard,
  rich_text: richText,
  context_actions: contextActions,
  header: (block, surface) => h(surface.key === "home" ? "h2" : "h3", null, plainText(block.text)),
  divider: () => h("hr"),
  markdown: (block) => h("div", { class: "markdown" }, ...markdown(block.text)),
  actions: (block, surface) =>
    h("div", null, ...visible(block.elements, surface).map((part) => element(block, part, surface))),
  alert: (block, surface) =>
    h(
      "div",
      { role: "note", data: { level: block.level ?? "default" } },
      mrkdwn(block.text?.text ?? block.text, surface.names),
    ),
};
