import { h, safeUrl } from "./dom.js";
import { textObject, plainText } from "./mrkdwn.js";
import { askConfirm } from "./confirm.js";
import { icon } from "./icons.js";
import { control } from "./inputs.js";
import { menu } from "./menu.js";

// The interactive elements: each sends what Slack would send.

/** One element of an `actions` block, or an accessory. */
export function element(block, part, surface) {
  switch (part.type) {
    case "button":
    case "workflow_button":
      return button(block, part, surface);
    case "icon_button":
      return button(block, { ...part, class: "icon-button" }, surface, [
        icon(part.icon === "trash" ? "trash" : "more", 16),
      ]);
    case "overflow":
      return overflow(block, part, surface);
    case "image":
      return h("img", { class: "accessory-image", src: safeUrl(part.image_url ?? ""), alt: part.alt_text ?? "" });
    default:
      return control(block, part, surface, { sends: true });
  }
}

/** A button; pressed and disabled from the click until the server has answered. */
export function button(block, part, surface, content = null) {
  const words = part.text ? plainText(part.text) : "";
  const node = h(
    "button",
    {
      type: "button",
      class: part.class ?? ["button", part.style && `button-${part.style}`].filter(Boolean).join(" "),
      "aria-label": part.accessibility_label ?? (content ? words : null),
      data: {
        testid: `action-${part.action_id}`,
        actionId: part.action_id,
        focus: `${part.action_id} ${part.value ?? ""}`,
      },
    },
    ...(content ?? [words]),
  );
  node.addEventListener("click", async () => {
    if (node.hasAttribute("aria-busy")) return;
    if (part.confirm && !(await askConfirm(part.confirm, surface.names))) return;
    const href = part.url && safeUrl(part.url);
    if (href) window.open(href, "_blank", "noopener");
    await busyWhile(node, () =>
      surface.send({ block_id: block.block_id, action_id: part.action_id, type: "button", value: part.value }),
    );
  });
  return node;
}

/** Does *deed* once: shows *node* as pressed until the answer is there, and ignores it meanwhile. It keeps its focus. */
export async function busyWhile(node, deed) {
  if (node.hasAttribute("aria-busy")) return null;
  node.setAttribute("aria-busy", "true");
  node.setAttribute("aria-disabled", "true");
  try {
    return await deed();
  } finally {
    node.removeAttribute("aria-busy");
    node.removeAttribute("aria-disabled");
  }
}

function overflow(block, part, surface) {
  const opener = h(
    "button",
    {
      type: "button",
      class: "button button-icon",
      "aria-label": part.accessibility_label ?? "More actions",
      data: { testid: `action-${part.action_id}`, focus: part.action_id },
    },
    icon("more", 18),
  );
  const choose = async (option) => {
    if (part.confirm && !(await askConfirm(part.confirm, surface.names))) return;
    if (option.url && safeUrl(option.url)) window.open(safeUrl(option.url), "_blank", "noopener");
    await busyWhile(opener, () =>
      surface.send({
        block_id: block.block_id,
        action_id: part.action_id,
        type: "overflow",
        selected_option: option,
      }),
    );
  };
  const items = (part.options ?? []).map((option) => [textObject(option.text, surface.names), () => choose(option)]);
  return menu(opener, items);
}
