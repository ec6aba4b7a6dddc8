// What the page knows of the workspace, and nothing about how it is drawn.

export class Workspace {
  team = { id: "", name: "" };
  me = { id: "", name: "", real_name: "" };
  channels = [];
  command = "/handrail";
  shortcuts = [];
  prompts = {};
  bot = { user_id: "", name: "handrail" };
  home = null;
  unread = new Set();
  #users = new Map();
  #groups = new Map();
  #sessions = new Map();
  #messages = new Map();

  /** Takes over `GET /page/state`. */
  adopt(state) {
    Object.assign(this, {
      team: state.team,
      me: state.me,
      channels: state.channels,
      command: state.command,
      shortcuts: state.shortcuts ?? [],
      prompts: state.prompts ?? {},
      bot: state.bot,
      home: state.home,
    });
    this.#users = new Map(state.users.map((user) => [user.id, user]));
    this.#groups = new Map((state.groups ?? []).map((group) => [group.id, group]));
    // Slack's stand-in may name a conversation with the bot by its id.
    this.channels = state.channels.map((channel) => (channel.is_im ? { ...channel, name: state.bot.name } : channel));
    this.#sessions = new Map(
      (state.agent_sessions ?? []).map((session) => [`${session.channel}/${session.thread_ts}`, session]),
    );
  }

  /** The people one can be here, in the server's order. */
  get people() {
    return [...this.#users.values()].filter((user) => !user.is_bot && user.id !== "USLACKBOT");
  }

  user(id) {
    return this.#users.get(id);
  }

  channel(id) {
    return this.channels.find((channel) => channel.id === id);
  }

  handlesOf(userId) {
    return [...this.#groups.values()].filter((group) => group.users?.includes(userId)).map((group) => group.handle);
  }

  /** How ids are told in texts. */
  get names() {
    return {
      user: (id) => this.#users.get(id)?.name,
      channel: (id) => this.channel(id)?.name,
      group: (id) => this.#groups.get(id)?.handle,
      isMe: (id) => id === this.me.id,
      groupHasMe: (id) => Boolean(this.#groups.get(id)?.users?.includes(this.me.id)),
      people: () => this.people,
      conversations: () => this.channels,
    };
  }

  // --- messages ---

  knows(channel) {
    return this.#messages.has(channel);
  }

  replace(channel, messages) {
    this.#messages.set(channel, new Map(messages.map((message) => [message.ts, message])));
  }

  /** Keeps a new or changed message of a channel that was loaded. */
  put(message) {
    this.#messages.get(message.channel)?.set(message.ts, message);
  }

  remove(channel, ts) {
    this.#messages.get(channel)?.delete(ts);
  }

  message(channel, ts) {
    return this.#messages.get(channel)?.get(ts);
  }

  #all(channel) {
    return [...(this.#messages.get(channel)?.values() ?? [])].sort((one, other) => (one.ts < other.ts ? -1 : 1));
  }

  /** What stands in the channel itself. */
  roots(channel) {
    return this.#all(channel).filter((message) => isRoot(message));
  }

  /** What stands below the message *ts*, ephemeral ones included. */
  replies(channel, ts) {
    return this.#all(channel).filter((message) => !isRoot(message) && message.thread_ts === ts);
  }

  // --- agent sessions ---

  session(channel, ts) {
    return this.#sessions.get(`${channel}/${ts}`);
  }

  setSession(session) {
    this.#sessions.set(`${session.channel}/${session.thread_ts}`, session);
  }
}

export function isRoot(message) {
  return !message.thread_ts || message.thread_ts === message.ts;
}

/** Whether somebody can still say yes on this message: it has a button that begins with "approve". */
export function asksApproval(message) {
  return (message.blocks ?? []).some((block) =>
    [...(block.elements ?? []), block.accessory].some(
      (part) => part?.type === "button" && part.action_id?.startsWith("approve"),
    ),
  );
}
