import { kept } from "./dom.js";

/** Who one is, and where: kept in the page's address, so that it can be shared and survives a reload. */
export class Whereabouts {
  channelId = null;
  thread = null;
  place = "channel";
  #asked = new URLSearchParams(location.search);
  #as = this.#asked.get("as") ?? kept.get("as") ?? "U0ALICE";

  get as() {
    return this.#as;
  }

  set as(id) {
    this.#as = id;
    kept.set("as", id);
  }

  /** Stays where one was, if the person one is now may be there; at first, where the address says; else in #ops. */
  settle(workspace) {
    const first = !this.channelId;
    const wanted = first ? this.#asked.get("channel") : this.channelId;
    const found = workspace.channel(wanted);
    const thread = first ? this.#asked.get("thread") : this.thread?.ts;
    this.channelId = (found ?? instead(workspace, wanted)).id;
    this.thread = found && found.is_member !== false && thread ? { channel: this.channelId, ts: thread } : null;
  }

  /** Writes it all into the address and the title. */
  tell(workspace) {
    const query = new URLSearchParams({ as: this.#as, channel: this.channelId });
    if (this.thread) query.set("thread", this.thread.ts);
    history.replaceState(null, "", `?${query}`);
    const channel = workspace.channel(this.channelId);
    const where = this.place === "home" || !channel ? "" : `${channel.is_im ? "" : "#"}${channel.name} · `;
    document.title = `${where}Handrail`;
  }
}

/** Somebody else's conversation with the bot becomes one's own; any other place that one may not see, #ops. */
function instead({ channels }, wanted) {
  const own = wanted?.startsWith("D") && channels.find((channel) => channel.is_im);
  return own || channels.find((channel) => channel.name === "ops") || channels[0];
}
