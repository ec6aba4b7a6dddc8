// The live line: what happens in the workspace, pushed to one pair of eyes.

const FIRST_WAIT = 400;
const LONGEST_WAIT = 8000;

/** A websocket that comes back by itself. `onOpen` is called each time there is a new line, so nothing stays missed. */
export class Live {
  #socket = null;
  #timer = null;
  #tries = 0;
  #handlers;

  /** *handlers*: `onEvent(event)`, `onOpen()`, `onLost(tries)`. */
  constructor(handlers) {
    this.#handlers = handlers;
    addEventListener("online", () => this.#timer && this.connect(this.as));
  }

  /** Listens as the person *as*; a line for somebody else is dropped. */
  connect(as) {
    this.as = as;
    clearTimeout(this.#timer);
    this.#timer = null;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/page/live?${new URLSearchParams({ as })}`);
    const current = () => socket === this.#socket;
    const before = this.#socket;
    this.#socket = socket;
    before?.close();
    socket.addEventListener("open", () => {
      if (!current()) return;
      this.#tries = 0;
      this.#handlers.onOpen();
    });
    socket.addEventListener("message", ({ data }) => current() && this.#handlers.onEvent(JSON.parse(data)));
    socket.addEventListener("close", () => current() && this.#again());
  }

  #again() {
    this.#tries += 1;
    this.#handlers.onLost(this.#tries);
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this.#tries - 1));
    this.#timer = setTimeout(() => this.connect(this.as), wait * (0.75 + Math.random() / 2));
  }
}
