import { h, link } from "./dom.js";
import { pre } from "./mrkdwn.js";
import { emoji } from "./emoji.js";
import { grid } from "./blocks_table.js";

// Standard Markdown, as far as the `markdown` block goes. HTML in it stays text.

const FENCE = /^ {0,3}```(.*)$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)(?:([-*+])|(\d+)[.)])\s+(.*)$/;
const QUOTE = /^\s*>\s?(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

/** The nodes of a whole Markdown text. */
export function markdown(text) {
  return blocksOf(
    String(text ?? "")
      .replaceAll("\r\n", "\n")
      .split("\n"),
  );
}

function blocksOf(lines) {
  const out = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    const [node, next] = fence(lines, at) ??
      heading(line, at) ??
      rule(line, at) ??
      quote(lines, at) ??
      list(lines, at) ??
      table(lines, at) ?? [null, 0];
    if (node) {
      out.push(node);
      at = next;
    } else if (!line.trim()) {
      at += 1;
    } else {
      const end = paragraphEnd(lines, at);
      out.push(h("p", null, ...spans(lines.slice(at, end).join("\n"))));
      at = end;
    }
  }
  return out;
}

function startsBlock(lines, at) {
  const line = lines[at];
  return (
    FENCE.test(line) ||
    HEADING.test(line) ||
    RULE.test(line) ||
    QUOTE.test(line) ||
    ITEM.test(line) ||
    isTable(lines, at)
  );
}

function paragraphEnd(lines, at) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !startsBlock(lines, end)) end += 1;
  return end;
}

function fence(lines, at) {
  if (!FENCE.test(lines[at])) return null;
  let end = at + 1;
  while (end < lines.length && !/^ {0,3}```\s*$/.test(lines[end])) end += 1;
  return [pre(lines.slice(at + 1, end).join("\n")), end + 1];
}

function heading(line, at) {
  const match = HEADING.exec(line);
  // Inside a message the largest heading is a third-level one of the page.
  return match && [h(`h${Math.min(6, match[1].length + 2)}`, null, ...spans(match[2])), at + 1];
}

function rule(line, at) {
  return RULE.test(line) ? [h("hr"), at + 1] : null;
}

function quote(lines, at) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  if (end === at) return null;
  return [h("blockquote", null, ...blocksOf(lines.slice(at, end).map((line) => QUOTE.exec(line)[1]))), end];
}

function list(lines, at) {
  const first = ITEM.exec(lines[at]);
  if (!first) return null;
  const indent = first[1].length;
  const ordered = first[3] !== undefined;
  const items = [];
  let end = at;
  while (end < lines.length) {
    const match = ITEM.exec(lines[end]);
    if (match && match[1].length <= indent && match[1].length >= indent - 1 && (match[3] !== undefined) === ordered) {
      items.push([match[4]]);
    } else if (items.length && lines[end].trim() && (/^\s+/.exec(lines[end])?.[0].length ?? 0) > indent) {
      items.at(-1).push(lines[end].slice(indent + 2).replace(/^ /, ""));
    } else break;
    end += 1;
  }
  const nodes = items.map(([head, ...rest]) => h("li", null, ...spans(head), ...blocksOf(rest)));
  return [h(ordered ? "ol" : "ul", ordered ? { start: first[3] } : null, ...nodes), end];
}

function isTable(lines, at) {
  return lines[at].includes("|") && TABLE_RULE.test(lines[at + 1] ?? "") && (lines[at + 1] ?? "").includes("-");
}

function table(lines, at) {
  if (!isTable(lines, at)) return null;
  const cells = (line) =>
    line
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => cell.trim());
  const columns = cells(lines[at + 1]).map((cell) => ({
    align: cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : "left",
  }));
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const rows = [lines[at], ...lines.slice(at + 2, end)].map((line) => cells(line).map((cell) => spans(cell)));
  return [grid(rows, columns), end];
}

const RULES = [
  [/^\\([\\`*_{}[\]()#+\-.!~|<>])/, ([, mark]) => mark],
  [/^`` ?([\s\S]+?) ?``|^`([^`]+)`/, ([, two, one]) => h("code", null, two ?? one)],
  [
    /^!?\[([^\]]*)\]\(\s*<?([^()\s>]*(?:\([^()\s]*\)[^()\s>]*)*)>?(?:\s+"[^"]*")?\s*\)/,
    ([, words, address]) => link(address, ...spans(words)),
  ],
  [/^<((?:https?:\/\/|mailto:)[^\s<>]+)>/, ([, address]) => link(address, address)],
  [/^https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"*_]/, ([address]) => link(address, address)],
  [/^\*\*\*(?=\S)([\s\S]*?\S)\*\*\*/, ([, inside]) => h("strong", null, h("em", null, ...spans(inside)))],
  [/^\*\*(?=\S)([\s\S]*?\S)\*\*/, ([, inside]) => h("strong", null, ...spans(inside))],
  [/^__(?=\S)([\s\S]*?\S)__(?!\w)/, ([, inside]) => h("strong", null, ...spans(inside)), "word"],
  [/^\*(?=\S)([^*]*?\S)\*/, ([, inside]) => h("em", null, ...spans(inside))],
  [/^_(?=\S)([^_]*?\S)_(?!\w)/, ([, inside]) => h("em", null, ...spans(inside)), "word"],
  [/^~~(?=\S)([\s\S]*?\S)~~/, ([, inside]) => h("s", null, ...spans(inside))],
  [/^:([a-z0-9_+-]+):/, ([whole, name]) => emoji(name) ?? whole],
];

function spans(text) {
  const out = [];
  let words = "";
  for (let at = 0; at < text.length;) {
    const found = firstRule(text.slice(at), /\w/.test(text[at - 1] ?? ""));
    if (!found) {
      words += text[at];
      at += 1;
      continue;
    }
    if (words) out.push(words);
    words = "";
    out.push(found.node);
    at += found.length;
  }
  if (words) out.push(words);
  return out;
}

function firstRule(rest, insideWord) {
  for (const [pattern, build, place] of RULES) {
    if (insideWord && (place === "word" || rest[0] === "h")) continue;
    const match = pattern.exec(rest);
    if (match) return { node: build(match), length: match[0].length };
  }
  return null;
}
