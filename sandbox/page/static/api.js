// All the page ever says to the server, except that it listens (live.js).

/** A GET as JSON; throws when there is no usable answer. */
async function get(path, query = {}) {
  const response = await fetch(`${path}?${new URLSearchParams(query)}`, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

/** A POST; never throws: no answer is `{ok: false, error}` like any other refusal. */
async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => ({}));
    return { ok: response.ok, error: response.ok ? undefined : `the server answered ${response.status}`, ...answer };
  } catch {
    return { ok: false, error: "the demo server can't be reached" };
  }
}

export const api = {
  state: (as) => get("/page/state", { as }),
  messages: (as, channel) => get("/page/messages", { as, channel }).then((answer) => answer.messages),
  fleet: () => get("/page/fleet"),
  say: (as, channel, text, thread) => post("/page/say", { as, channel, text, ...(thread && { thread_ts: thread }) }),
  click: (as, action) => post("/page/click", { as, ...action }),
  submitView: (as, view, state) => post("/page/submit_view", { as, view_id: view, state }),
  closeView: (as, view) => post("/page/close_view", { as, view_id: view }),
  openHome: (as, tab = "home") => post("/page/open_home", { as, tab }),
  shortcut: (as, callback, message) =>
    post("/page/shortcut", { as, callback_id: callback, ...(message && { message }) }),
  stopSession: (as, channel, thread) => post("/page/stop_session", { as, channel, thread_ts: thread }),
  break: (what) => post("/page/break", { what }),
};
