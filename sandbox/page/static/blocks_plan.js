import { h, s, spoken, link } from "./dom.js";
import { icon } from "./icons.js";
import { richText } from "./blocks_rich_text.js";

// A plan is drawn as a rail: one post per task, joined by a line.

const STATES = {
  pending: "Not started",
  in_progress: "In progress",
  complete: "Done",
  error: "Failed",
};

// What a person opened or closed stays so when the message is redrawn.
const opened = new Map();

export function plan(block, surface) {
  const tasks = block.tasks ?? [];
  return h(
    "div",
    { class: "plan" },
    h("strong", { class: "plan-title" }, block.title ?? ""),
    h(
      "ol",
      { class: "tasks" },
      ...tasks.map((task) =>
        h("li", { class: "task", data: { status: task.status ?? "pending" } }, ...body(task, surface)),
      ),
    ),
  );
}

export function taskCard(block, surface) {
  return h("div", { class: "task task-card", data: { status: block.status ?? "pending" } }, ...body(block, surface));
}

function body(task, surface) {
  const head = [mark(task.status ?? "pending"), h("span", { class: "task-title" }, task.title ?? "")];
  const more = [
    task.details && h("div", { class: "task-details" }, richText(task.details, surface)),
    task.output && h("div", { class: "task-output" }, richText(task.output, surface)),
    task.sources?.length > 0 &&
      h(
        "div",
        { class: "task-sources" },
        ...task.sources.map((source) => link(source.url, icon("link", 14), source.text ?? source.url)),
      ),
  ].filter(Boolean);
  if (!more.length) return [h("div", { class: "task-head" }, ...head)];
  const key = `${surface.key}/${task.task_id}`;
  const open = opened.get(key) ?? ["in_progress", "error"].includes(task.status);
  const details = h(
    "details",
    { open },
    h(
      "summary",
      {
        class: "task-head",
        data: { focus: `task-${task.task_id}` },
        on: { click: () => opened.set(key, !details.open) },
      },
      ...head,
      icon("chevron", 14),
    ),
    h("div", { class: "task-more" }, ...more),
  );
  return [details];
}

function mark(status) {
  const shapes = {
    pending: [s("circle", { cx: 10, cy: 10, r: 6.6, "stroke-dasharray": "2.6 2.6" })],
    in_progress: [
      s("circle", { cx: 10, cy: 10, r: 6.6, class: "track" }),
      s("path", { d: "M10 3.4a6.6 6.6 0 0 1 6.6 6.6", class: "arc" }),
    ],
    complete: [
      s("circle", { cx: 10, cy: 10, r: 7.4, class: "disc" }),
      s("path", { d: "M6.8 10.3 9 12.5l4.3-4.8", class: "cut" }),
    ],
    error: [
      s("circle", { cx: 10, cy: 10, r: 7.4, class: "disc" }),
      s("path", { d: "M7.5 7.5l5 5M12.5 7.5l-5 5", class: "cut" }),
    ],
  };
  return h(
    "span",
    { class: "task-mark" },
    s(
      "svg",
      { viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true" },
      ...(shapes[status] ?? shapes.pending),
    ),
    spoken(`${STATES[status] ?? status}: `),
  );
}
