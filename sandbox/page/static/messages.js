import { h, spoken } from "./dom.js";
import { icon } from "./icons.js";
import { avatar } from "./people.js";
import { mrkdwn } from "./mrkdwn.js";
import { renderBlocks } from "./blocks.js";
import { clock, day, full, ofTs, ago } from "./dates.js";
import { messageShortcuts } from "./shortcuts.js";
import { asksApproval } from "./workspace.js";

// Messages as list items. *desk* is the page: its workspace, and what one can do with a message.

const TOGETHER = 5 * 60 * 1000;

/** The items of a channel: its days, its messages. */
export function channelItems(desk, channel) {
  const { workspace } = desk;
  const items = [];
  let before = null;
  for (const message of workspace.roots(channel)) {
    const newDay = !before || day(ofTs(before.ts)) !== day(ofTs(message.ts));
    if (newDay) items.push(dayItem(message));
    const replies = workspace.replies(channel, message.ts).filter((reply) => !reply.is_ephemeral);
    const session = workspace.session(channel, message.ts);
    items.push(
      messageItem(desk, message, { follows: !newDay && follows(before, message), replies, session }),
      ...helperItems(desk, message),
    );
    before = replies.length ? null : message;
    before ??= { ...message, user: null };
  }
  return items;
}

/** The items of a thread: its root, a line, its replies. */
export function threadItems(desk, channel, ts) {
  const { workspace } = desk;
  const root = workspace.message(channel, ts);
  const replies = workspace.replies(channel, ts);
  const said = replies.filter((reply) => !reply.is_ephemeral).length;
  const items = root ? [messageItem(desk, root, { inThread: true }), ...helperItems(desk, root)] : [];
  if (replies.length)
    items.push({
      key: "replies",
      signature: String(said),
      build: () => h("div", { class: "rule" }, h("span", null, plural(said, "reply", "replies"))),
    });
  replies.forEach((reply, index) => {
    items.push(
      messageItem(desk, reply, { inThread: true, follows: index > 0 && follows(replies[index - 1], reply) }),
      ...helperItems(desk, reply),
    );
  });
  return items;
}

function follows(before, message) {
  const same =
    before.user === message.user &&
    !before.is_ephemeral &&
    !message.is_ephemeral &&
    !before.blocks &&
    !message.blocks;
  return same && ofTs(message.ts) - ofTs(before.ts) < TOGETHER;
}

function dayItem(message) {
  const words = day(ofTs(message.ts));
  return {
    key: `day ${ofTs(message.ts).toDateString()}`,
    signature: words,
    build: () => h("div", { class: "rule rule-day" }, h("span", null, words)),
  };
}

function messageItem(desk, message, { follows: together = false, replies = [], session = null, inThread = false }) {
  const latest = replies.at(-1)?.ts;
  const signature = JSON.stringify([
    message,
    together,
    replies.length,
    latest,
    session,
    inThread,
    desk.workspace.me.id,
  ]);
  return { key: message.ts, signature, build: () => draw(desk, message, { together, replies, session, inThread }) };
}

function draw(desk, message, { together, replies, session }) {
  const { workspace } = desk;
  const isBot = Boolean(message.bot_id) || message.user === workspace.bot.user_id;
  const name = message.username || workspace.user(message.user)?.name || workspace.bot.name;
  const at = ofTs(message.ts);
  const time = h("time", { datetime: at.toISOString(), title: full(at) }, clock(at));
  const author = h(
    "div",
    { class: "author" },
    h("strong", null, name),
    isBot && h("span", { class: "app-tag" }, "App"),
    time,
  );
  return h(
    "article",
    {
      class: ["message", together && "message-together", message.is_ephemeral && "message-ephemeral"]
        .filter(Boolean)
        .join(" "),
      "aria-label": `${name}, ${clock(at)}`,
      data: {
        testid: "message",
        ts: message.ts,
        user: message.user ?? "",
        ephemeral: message.is_ephemeral ? "yes" : null,
      },
    },
    h("div", { class: "message-side" }, together ? time : avatar(workspace, message.user, { isBot })),
    h(
      "div",
      { class: "message-main" },
      message.is_ephemeral && ephemeralNote(desk, message),
      together ? spoken(`${name}: `) : author,
      h("div", { class: "blocks" }, ...content(desk, message)),
      message.edited && h("span", { class: "edited" }, "(edited)"),
      replies.length > 0 && replyLink(desk, message, replies, session),
    ),
    messageShortcuts(desk, message),
  );
}

function content(desk, message) {
  const { names } = desk.workspace;
  if (!message.blocks?.length) return [h("div", { class: "text" }, mrkdwn(message.text, names))];
  const send = (action) =>
    desk.click({
      channel: message.channel,
      message_ts: message.ts,
      ...action,
      ...(message.is_ephemeral && { ephemeral: true }),
    });
  return renderBlocks(message.blocks, { key: `${message.channel}/${message.ts}`, names, fields: null, send });
}

function ephemeralNote(desk, message) {
  return h(
    "div",
    { class: "only-you" },
    icon("eye", 14),
    "Only visible to you",
    h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "Dismiss",
        data: { testid: "dismiss" },
        on: { click: () => desk.dismiss(message) },
      },
      icon("close", 14),
    ),
  );
}

function replyLink(desk, message, replies, session) {
  const authors = [...new Set(replies.map((reply) => reply.user))].slice(0, 4);
  const working = session && { processing: "Working…", suspended: "Waiting for a person" }[session.status];
  return h(
    "button",
    {
      type: "button",
      class: "reply-link",
      data: { testid: "open-thread", focus: "open-thread" },
      on: { click: () => desk.openThread(message.channel, message.ts) },
    },
    h(
      "span",
      { class: "reply-authors" },
      ...authors.map((author) => avatar(desk.workspace, author, { size: "small" })),
    ),
    h("span", { class: "reply-count" }, plural(replies.length, "reply", "replies")),
    working
      ? h("span", { class: `session session-${session.status}` }, working)
      : h("span", { class: "reply-last" }, ago(ofTs(replies.at(-1).ts))),
    icon("chevron", 14),
  );
}

/** Below a card that waits for a yes: the demo's own help to become the other person. Not part of the message. */
function helperItems(desk, message) {
  if (!asksApproval(message)) return [];
  const { me } = desk.workspace;
  const other = desk.otherPerson();
  if (!other) return [];
  const asking = me.id === desk.firstPerson().id;
  return [
    {
      key: `helper ${message.ts}`,
      signature: me.id,
      build: () =>
        h(
          "aside",
          { class: "helper", "aria-label": "Demo helper", data: { testid: "helper" } },
          h("span", { class: "helper-tag" }, "demo"),
          h(
            "span",
            { class: "helper-words" },
            asking ? `The next click can be ${other.name}’s.` : `Your next click is ${me.name}’s.`,
          ),
          h(
            "button",
            {
              type: "button",
              class: "button button-small",
              data: { testid: `act-as-${other.name}`, focus: "act-as" },
              on: { click: () => desk.become(other.id) },
            },
            asking ? `Act as ${other.name}` : `Back to ${other.name}`,
          ),
        ),
    },
  ];
}

function plural(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}
