import { h } from "./dom.js";
import { icon } from "./icons.js";
import { Composer } from "./composer.js";
import { ScrollList } from "./list.js";
import { busyWhile } from "./elements.js";
import { threadItems } from "./messages.js";

const SESSIONS = {
  processing: "Working…",
  suspended: "Waiting for a person",
  closed: "Finished",
  active: "Ready",
};

/** The pane of one thread: where its run stands, what was said, a place to reply. */
export class ThreadPane {
  #desk;
  #head;
  #status;
  #list;
  #composer;

  constructor(host, desk) {
    this.#desk = desk;
    this.#head = h("div", { class: "pane-title" });
    this.#status = h("div", { class: "thread-status", role: "status", data: { testid: "thread-status" } });
    const scroller = h("div", { class: "list", tabindex: 0, role: "region", "aria-label": "Thread, scrolling" });
    const foot = h("div", { class: "composer" });
    host.append(
      h(
        "header",
        { class: "pane-head" },
        this.#head,
        this.#status,
        h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Close thread",
            data: { testid: "thread-close" },
            on: { click: () => desk.closeThread() },
          },
          icon("close", 20),
        ),
      ),
      h("div", { class: "list-frame" }, scroller),
      foot,
    );
    this.#list = new ScrollList(scroller, "Thread");
    this.#composer = new Composer(foot, desk, {
      testid: "thread-composer",
      inThread: true,
      send: (text) => desk.say(text, desk.thread),
    });
  }

  draw() {
    const { thread, workspace } = this.#desk;
    if (!thread) return;
    const channel = workspace.channel(thread.channel);
    this.#head.replaceChildren(
      h("h2", null, "Thread"),
      h("span", { class: "pane-sub" }, channel?.is_im ? "Direct message" : `#${channel?.name ?? ""}`),
    );
    this.#drawStatus();
    this.#list.show(`${thread.channel}/${thread.ts}`, false, threadItems(this.#desk, thread.channel, thread.ts));
    this.#composer.address("Reply…", workspace.me.name);
  }

  focus() {
    this.#composer.focus();
  }

  reveal(ts) {
    this.#list.reveal(ts);
  }

  #drawStatus() {
    const { thread, workspace } = this.#desk;
    const session = workspace.session(thread.channel, thread.ts);
    const signature = JSON.stringify([session, thread]);
    if (this.#status.dataset.signature === signature) return;
    this.#status.dataset.signature = signature;
    if (!session) return this.#status.replaceChildren();
    const stoppable = session.status === "processing";
    const stop = h(
      "button",
      { type: "button", class: "button button-small", data: { testid: "stop-session" } },
      icon("stop", 14),
      "Stop",
    );
    stop.addEventListener("click", () => busyWhile(stop, () => this.#desk.stopSession(thread)));
    this.#status.replaceChildren(
      h(
        "span",
        { class: `session session-${session.status}`, title: session.title, data: { status: session.status } },
        SESSIONS[session.status] ?? session.status,
      ),
      ...(stoppable ? [stop] : []),
    );
  }
}
