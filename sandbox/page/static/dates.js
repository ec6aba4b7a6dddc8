// Moments, told in the reader's own language and time zone.

const DAY = 24 * 60 * 60 * 1000;

/** A Slack `ts` ("1732312345.000100") as a Date. */
export function ofTs(ts) {
  return new Date(Number.parseFloat(ts) * 1000);
}

export function clock(date) {
  return date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

export function full(date) {
  return date.toLocaleString([], { dateStyle: "full", timeStyle: "medium" });
}

/** "Today", "Yesterday", or the day with its date. */
export function day(date) {
  return near(date) ?? date.toLocaleDateString([], { weekday: "long", month: "long", day: "numeric" });
}

/** "just now", "4 min ago", then a clock or a date. */
export function ago(date, now = new Date()) {
  const minutes = Math.round((now - date) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  return now - date < DAY / 2 ? clock(date) : `${short(date)}, ${clock(date)}`;
}

function short(date) {
  return date.toLocaleDateString([], { month: "short", day: "numeric" });
}

function near(date, now = new Date()) {
  const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
  const days = Math.round((midnight(now) - midnight(date)) / DAY);
  return { "-1": "Tomorrow", 0: "Today", 1: "Yesterday" }[days] ?? null;
}

const long = (date) =>
  date.toLocaleDateString([], { weekday: "long", year: "numeric", month: "long", day: "numeric" });
const plain = (date) => date.toLocaleDateString([], { year: "numeric", month: "long", day: "numeric" });
const brief = (date) => date.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });

const TOKENS = {
  date_num: (date) => date.toISOString().slice(0, 10),
  date: plain,
  date_short: brief,
  date_long: long,
  date_pretty: (date) => near(date) ?? plain(date),
  date_short_pretty: (date) => near(date) ?? brief(date),
  date_long_pretty: (date) => near(date) ?? long(date),
  date_slash: (date) => date.toLocaleDateString([], { year: "numeric", month: "2-digit", day: "2-digit" }),
  day_divider_pretty: day,
  time: clock,
  time_secs: (date) => date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago: (date) => ago(date),
};

/** Slack's date format ("{date_short_pretty} {time}") for a moment in Unix seconds; *fallback* if it can't be told. */
export function formatted(seconds, format, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return fallback ?? "";
  return format.replace(/\{(\w+)\}/g, (whole, token, at) => {
    const words = TOKENS[token]?.(date) ?? whole;
    // “Today” where the format begins with it, else “today”.
    return at > 0 && near(date) === words ? words.toLowerCase() : words;
  });
}
