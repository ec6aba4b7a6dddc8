import { h, link } from "./dom.js";
import { formatted } from "./dates.js";
import { emoji } from "./emoji.js";
import { mention, pre } from "./mrkdwn.js";

/** A `rich_text` block: what it says is never parsed, so it can't imitate markup. */
export function richText(block, surface) {
  return h("div", { class: "rich-text" }, ...(block?.elements ?? []).map((element) => part(element, surface.names)));
}

const PARTS = {
  rich_text_section: (element, names) => h("div", { class: "rich-section" }, ...inline(element, names)),
  rich_text_quote: (element, names) => h("blockquote", null, ...inline(element, names)),
  rich_text_preformatted: (element, names) =>
    pre(...(element.language === "diff" ? inDiff(element) : inline(element, names))),
  rich_text_list: (element, names) => {
    const indent = Math.min(8, element.indent ?? 0);
    const items = (element.elements ?? []).map((item) => h("li", null, ...inline(item, names)));
    const props = { class: `indent-${indent % 3}${element.border ? " bordered" : ""}`, style: `--indent: ${indent}` };
    return element.style === "ordered"
      ? h("ol", { ...props, start: (element.offset ?? 0) + 1 }, ...items)
      : h("ul", props, ...items);
  },
};

/** A diff line by line: what went and what came is coloured, and says so by its sign. */
function inDiff(element) {
  const text = (element.elements ?? []).map((leaf) => leaf.text ?? "").join("");
  return text
    .split(/(?<=\n)/)
    .map((line) => h("span", { class: { "-": "diff-old", "+": "diff-new", "@": "diff-at" }[line[0]] ?? null }, line));
}

function part(element, names) {
  return (
    PARTS[element.type]?.(element, names) ??
    h("div", { class: "rich-section" }, ...inline({ elements: [element] }, names))
  );
}

function inline(element, names) {
  return (element.elements ?? []).map((leaf) => styled(words(leaf, names), leaf.style));
}

function words(leaf, names) {
  switch (leaf.type) {
    case "text":
      return leaf.text ?? "";
    case "link":
      return link(leaf.url, leaf.text ?? leaf.url);
    case "user":
      return mention(`@${names.user(leaf.user_id) ?? leaf.user_id}`, names.isMe(leaf.user_id));
    case "usergroup":
      return mention(`@${names.group(leaf.usergroup_id) ?? leaf.usergroup_id}`, names.groupHasMe(leaf.usergroup_id));
    case "channel":
      return mention(`#${names.channel(leaf.channel_id) ?? leaf.channel_id}`);
    case "broadcast":
      return mention(`@${leaf.range}`, true);
    case "emoji":
      return h(
        "span",
        { class: "emoji", title: `:${leaf.name}:` },
        fromUnicode(leaf.unicode) ?? emoji(leaf.name) ?? `:${leaf.name}:`,
      );
    case "date":
      return h(
        "time",
        { title: leaf.fallback },
        formatted(leaf.timestamp, leaf.format ?? "{date_short_pretty} {time}", leaf.fallback),
      );
    case "color":
      return h("code", null, leaf.value ?? "");
    default:
      return leaf.text ?? "";
  }
}

function fromUnicode(codes) {
  try {
    return codes ? String.fromCodePoint(...codes.split("-").map((code) => Number.parseInt(code, 16))) : null;
  } catch {
    return null;
  }
}

const TAGS = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u" };

function styled(content, style) {
  return Object.entries(TAGS).reduce(
    (inside, [name, tag]) => (style?.[name] ? h(tag, null, inside) : inside),
    content,
  );
}
