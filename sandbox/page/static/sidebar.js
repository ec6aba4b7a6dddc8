import { h, redraw } from "./dom.js";
import { icon, rail } from "./icons.js";
import { avatar, peopleSwitch } from "./people.js";
import { themeButton } from "./theme.js";

/** The left column: the workspace, its places, who you are. */
export class Sidebar {
  #desk;
  #name;
  #places;
  #people;

  constructor(host, desk) {
    this.#desk = desk;
    this.#name = h("span", { class: "team-name" });
    this.#places = h("nav", { class: "places", "aria-label": "Channels" });
    this.#people = h("div");
    host.append(
      h("div", { class: "team" }, rail(30), this.#name),
      this.#places,
      h("section", { class: "you" }, h("h2", null, "You are"), this.#people),
      h("footer", { class: "side-foot" }, themeButton()),
    );
  }

  draw() {
    const { workspace } = this.#desk;
    this.#name.textContent = workspace.team.name;
    const rooms = workspace.channels.filter((channel) => !channel.is_im);
    const directs = workspace.channels.filter((channel) => channel.is_im);
    const { place, channelId } = this.#desk;
    redraw(this.#places, JSON.stringify([workspace.channels, [...workspace.unread], place, channelId]), () => [
      this.#place("home", icon("home"), "Home", this.#desk.place === "home", () => this.#desk.openHome()),
      h("h2", null, "Channels"),
      ...rooms.map((channel) => this.#channel(channel, icon("hash"))),
      ...(directs.length
        ? [
            h("h2", null, "Direct messages"),
            ...directs.map((channel) =>
              this.#channel(channel, avatar(workspace, workspace.bot.user_id, { size: "small" })),
            ),
          ]
        : []),
    ]);
    redraw(this.#people, `${workspace.people.length} ${workspace.me.id}`, () => peopleSwitch(this.#desk));
  }

  #channel(channel, sign) {
    const here = this.#desk.place === "channel" && channel.id === this.#desk.channelId;
    return this.#place(channel.id, sign, channel.name, here, () => this.#desk.openChannel(channel.id), {
      unread: this.#desk.workspace.unread.has(channel.id),
      outside: channel.is_member === false && !channel.is_im,
    });
  }

  #place(id, sign, words, here, open, { unread = false, outside = false } = {}) {
    return h(
      "button",
      {
        type: "button",
        class: ["place", unread && "place-unread", outside && "place-outside"].filter(Boolean).join(" "),
        "aria-current": here ? "page" : null,
        data: { testid: `place-${id}` },
        on: { click: open },
      },
      sign,
      h("span", { class: "place-name" }, words),
      unread && h("span", { class: "place-dot" }, h("span", { class: "spoken" }, "unread")),
    );
  }
}
