import { h } from "./dom.js";
import { richText } from "./blocks_rich_text.js";

/** Rows of cells (each a list of nodes) as a table that scrolls sideways by itself; the first row is the head. */
export function grid(rows, columns = [], caption = null) {
  const cell = (tag, scope) => (content, index) => {
    const { align, is_wrapped: wrapped } = columns[index] ?? {};
    return h(
      tag,
      { scope, class: [align && `align-${align}`, wrapped && "wrapped"].filter(Boolean).join(" ") || null },
      ...content,
    );
  };
  const [head = [], ...body] = rows;
  return h(
    "div",
    { class: "grid", tabindex: 0, role: "region", "aria-label": caption ?? "Table", data: { scroll: "" } },
    h(
      "table",
      null,
      caption && h("caption", null, caption),
      h("thead", null, h("tr", null, ...head.map(cell("th", "col")))),
      h("tbody", null, ...body.map((row) => h("tr", null, ...row.map(cell("td"))))),
    ),
  );
}

/** The `table` and `data_table` blocks. */
export function table(block, surface) {
  const rows = (block.rows ?? []).map((row) => row.map((cell) => content(cell, surface)));
  const columns = (block.column_settings ?? []).map((setting) => setting ?? {});
  return grid(rows, columns, block.caption ?? null);
}

function content(cell, surface) {
  if (cell?.type === "rich_text") return [richText(cell, surface)];
  return [String(cell?.text ?? cell?.value ?? "")];
}
