import { h, link, safeUrl } from "./dom.js";
import { formatted } from "./dates.js";
import { emoji } from "./emoji.js";

// Slack's own light markup: https://docs.slack.dev/messaging/formatting-message-text

/** *text* as nodes. *names* tells people, channels and groups by id. *verbatim*: a bare address stays text. */
export function mrkdwn(text, names, { verbatim = false } = {}) {
  const told = { ...names, verbatim };
  const out = document.createDocumentFragment();
  String(text ?? "")
    .split(/```([\s\S]*?)```/)
    .forEach((part, index) => {
      if (index % 2) out.append(pre(plainly(part.replace(/^\n|\n$/g, ""))));
      else out.append(...paragraphs(part, told));
    });
  return out;
}

/** A text object of Block Kit: `mrkdwn` or `plain_text`. */
export function textObject(object, names) {
  if (typeof object === "string") return document.createTextNode(object);
  if (object?.type === "mrkdwn") return mrkdwn(object.text, names, { verbatim: object.verbatim === true });
  return document.createTextNode(plainText(object));
}

/** The words of a text object where only words can stand: a label, an option. */
export function plainText(object) {
  const text = typeof object === "string" ? object : (object?.text ?? "");
  if (object?.emoji === false) return text;
  return text.replace(/:([a-z0-9_+'-]+):/g, (whole, name) => emoji(name) ?? whole);
}

/** Preformatted text; a long one scrolls by itself and can be reached by keyboard. */
export function pre(...content) {
  const long = content.map((part) => part?.textContent ?? part).join("").length > 400;
  return h("pre", { tabindex: long ? 0 : null, data: { scroll: "" } }, ...content);
}

/** A mention of somebody or something; *self* marks the reader. */
export function mention(words, self = false) {
  return h("span", { class: self ? "mention mention-me" : "mention" }, words);
}

function paragraphs(text, names) {
  const nodes = [];
  let plain = [];
  let quoted = [];
  const flush = () => {
    if (quoted.length) nodes.push(h("blockquote", null, ...inline(quoted.join("\n"), names)));
    if (plain.length) nodes.push(...inline(plain.join("\n"), names));
    [plain, quoted] = [[], []];
  };
  for (const line of text.split("\n")) {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quote ? plain.length : quoted.length) flush();
    (quote ? quoted : plain).push(quote ? quote[1] : line);
  }
  flush();
  return nodes;
}

const STYLES = { "*": "strong", _: "em", "~": "s" };
const CODE = /^`([^`\n]+)`/;
const ANGLE = /^<([^<>\n]+)>/;
const NAMED = /^:([a-z0-9_+'-]+)(?:::skin-tone-\d)?:/;
const URL_IN_TEXT = /^https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)\]'"*_~]/;
const STYLED = {
  "*": /^\*(?=\S)((?:`[^`\n]*`|<[^<>\n]*>|[^*\n`<])*?(?:<[^<>\n]*>|[^\s*]))\*(?![\w*])/,
  _: /^_(?=\S)((?:`[^`\n]*`|<[^<>\n]*>|[^_\n`<]|_(?=\w))*?(?:<[^<>\n]*>|[^\s_]))_(?![\w_])/,
  "~": /^~(?=\S)((?:`[^`\n]*`|<[^<>\n]*>|[^~\n`<])*?(?:<[^<>\n]*>|[^\s~]))~(?![\w~])/,
};

function inline(text, names) {
  const nodes = [];
  let words = "";
  const put = (node) => {
    if (words) nodes.push(document.createTextNode(plainly(words)));
    words = "";
    nodes.push(node);
  };
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const found = /[\w]/.test(text[at - 1] ?? "") && text[at] !== "<" ? null : token(rest, names);
    if (found) {
      put(found.node);
      at += found.length;
    } else {
      words += text[at];
      at += 1;
    }
  }
  if (words) nodes.push(document.createTextNode(plainly(words)));
  return nodes;
}

function token(rest, names) {
  const first = rest[0];
  if (first === "`") return made(CODE.exec(rest), (code) => h("code", null, plainly(code)));
  if (first === "<") return made(ANGLE.exec(rest), (inside) => angle(inside, names));
  if (first === ":") {
    const match = NAMED.exec(rest);
    const picture = match && emoji(match[1]);
    return picture
      ? { node: h("span", { class: "emoji", title: match[0] }, picture), length: match[0].length }
      : null;
  }
  if (first === "h" && !names.verbatim)
    return made(URL_IN_TEXT.exec(rest), (_, whole) => link(plainly(whole), plainly(whole)));
  if (first in STYLES)
    return made(STYLED[first].exec(rest), (inside) => h(STYLES[first], null, ...inline(inside, names)));
  return null;
}

function made(match, build) {
  return match ? { node: build(match[1], match[0]), length: match[0].length } : null;
}

function angle(inside, names) {
  const [target, label] = splitOnce(inside, "|");
  if (target.startsWith("@"))
    return mention(`@${names.user(target.slice(1)) ?? label ?? target.slice(1)}`, names.isMe(target.slice(1)));
  if (target.startsWith("#")) return mention(`#${names.channel(target.slice(1)) ?? label ?? target.slice(1)}`);
  if (target.startsWith("!subteam^")) {
    const id = target.slice("!subteam^".length);
    return mention(`@${names.group(id) ?? label?.replace(/^@/, "") ?? id}`, names.groupHasMe(id));
  }
  if (target.startsWith("!date^")) {
    const [, seconds, format, address] = target.split("^");
    const words = formatted(seconds, format ?? "", label);
    return h("time", { title: label }, address ? link(address, words) : words);
  }
  if (target.startsWith("!")) return mention(`@${label ?? target.slice(1)}`, true);
  if (label === undefined && !safeUrl(plainly(target))) return document.createTextNode(plainly(`<${inside}>`));
  return link(plainly(target), plainly(label ?? target.replace(/^mailto:/, "")));
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function plainly(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
