import { s } from "./dom.js";

// One stroke, 20 by 20, in the colour of the text beside it.
const PATHS = {
  hash: "M8 3 6.5 17M13.5 3 12 17M3.5 7.5h13M3 12.5h13",
  home: "M3.5 9.5 10 4l6.5 5.5M5.5 8.5V16h9V8.5M8.5 16v-4h3v4",
  message: "M4 5.5h12v8H9l-3.5 3v-3H4z",
  close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  send: "M4 10 16.5 4.5 12.5 16l-2.7-5z",
  chevron: "M7.5 5l5 5-5 5",
  back: "M12.5 5l-5 5 5 5",
  down: "M10 4.5v10M5.5 10.5 10 15l4.5-4.5",
  eye: "M2.5 10S5.2 5.5 10 5.5 17.5 10 17.5 10 14.8 14.5 10 14.5 2.5 10 2.5 10ZM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z",
  servers: "M4 4.5h12v4H4zM4 11.5h12v4H4zM6.5 6.5h.01M6.5 13.5h.01",
  thread: "M4 5h12M4 9h12M8 13h8M4 13.5h.01",
  menu: "M4 6h12M4 10h12M4 14h12",
  sun: "M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M4.7 15.3l1.4-1.4M13.9 6.1l1.4-1.4",
  moon: "M16 11.8A6.5 6.5 0 0 1 8.2 4a6.5 6.5 0 1 0 7.8 7.8Z",
  auto: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM10 3.5v13M10 7h5.5M10 10.5h6.3M10 14h4.5",
  stop: "M6 6h8v8H6z",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  thumb_up:
    "M6.5 9v7H4V9zM6.5 9.2 9.8 3.5c1.2 0 1.7.9 1.5 2L10.8 8h4.3c1 0 1.6.8 1.4 1.8l-1 4.8c-.2.8-.8 1.4-1.6 1.4H6.5",
  bolt: "M11 3 5 11.5h4.5L9 17l6-8.5h-4.5z",
  plug: "M7.5 3v4M12.5 3v4M5.5 7h9v2.5a4.5 4.5 0 0 1-9 0zM10 14v3",
  person: "M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 16.5c.5-3 3-4.5 6-4.5s5.5 1.5 6 4.5",
  trash: "M4.5 6h11M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  link: "M8.5 11.5a3 3 0 0 0 4.3 0l2.4-2.4a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.4 2.4a3 3 0 0 0 4.3 4.3l1-1",
};

/** A small picture; decoration only, the words stand beside it. */
export function icon(name, size = 18) {
  return s(
    "svg",
    { class: `icon icon-${name}`, viewBox: "0 0 20 20", width: size, height: size, "aria-hidden": "true" },
    s("path", {
      d: PATHS[name],
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "1.6",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
}

/** The bot's sign: a brass rail on its balusters, going up. */
export function rail(size = 36) {
  return s(
    "svg",
    { class: "rail", viewBox: "0 0 36 36", width: size, height: size, "aria-hidden": "true" },
    s("rect", { width: 36, height: 36, rx: 8, fill: "#12403a" }),
    s("path", {
      d: "M10 20v8M18 15.5v12.5M26 11v17",
      stroke: "#a9cfc5",
      "stroke-width": 2.4,
      "stroke-linecap": "round",
    }),
    s("path", {
      d: "M5.5 21.5h2.2c.9 0 1.7-.2 2.5-.7L24 11.7c.8-.5 1.6-.7 2.5-.7h4",
      fill: "none",
      stroke: "#f0b64a",
      "stroke-width": 3.4,
      "stroke-linecap": "round",
    }),
  );
}
