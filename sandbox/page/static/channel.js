import { fleetButton } from "./fleet.js";
import { h, redraw } from "./dom.js";
import { icon, rail } from "./icons.js";
import { Composer } from "./composer.js";
import { ScrollList } from "./list.js";
import { channelItems } from "./messages.js";
import { peopleSwitch } from "./people.js";
import { prompts } from "./shortcuts.js";
import { firstSteps, hint, hintIsOn, suggestions } from "./suggestions.js";

/** From so many messages on, a channel is not introduced any more; the first one may be an example. */
const BUSY = 2;

/** The pane of one channel: what was said in it, suggestions, a place to type. */
export class ChannelPane {
  #desk;
  #head;
  #people;
  #hint;
  #list;
  #chips;
  #composer;

  constructor(host, desk) {
    this.#desk = desk;
    this.#head = h("div", { class: "pane-title" });
    this.#people = h("div", { class: "head-people" });
    this.#hint = h("div");
    this.#chips = h("div");
    const scroller = h("div", { class: "list", tabindex: 0, role: "region", "aria-label": "Messages, scrolling" });
    const foot = h("div", { class: "composer" });
    host.append(
      h("header", { class: "pane-head" }, this.#head, this.#people, fleetButton(desk)),
      this.#hint,
      h("div", { class: "list-frame" }, scroller),
      this.#chips,
      foot,
    );
    this.#list = new ScrollList(scroller, "Messages");
    this.#composer = new Composer(foot, desk, { testid: "composer", send: (text) => desk.say(text) });
  }

  focus() {
    this.#composer.focus();
  }

  /** One who speaks wants to see what follows. */
  toEnd() {
    this.#list.pin();
  }

  draw() {
    const { workspace, channelId } = this.#desk;
    const channel = workspace.channel(channelId);
    if (!channel) return;
    const { name } = channel;
    const outside = !channel.is_im && channel.is_member === false;
    const isOps = name === "ops" && !outside;
    const isNew = workspace.roots(channelId).length < BUSY;
    const me = workspace.me.id;
    redraw(this.#head, channelId, () =>
      h("h1", null, channel.is_im ? null : h("span", { class: "hash", "aria-hidden": "true" }, "#"), name),
    );
    redraw(this.#people, me, () => peopleSwitch(this.#desk, { compact: true }));
    redraw(
      this.#hint,
      `${isOps} ${me} ${hintIsOn()}`,
      () => isOps && hintIsOn() && hint(this.#desk, () => this.draw()),
    );
    const said = channel.is_im && workspace.prompts[channelId];
    redraw(this.#chips, JSON.stringify([isOps, isNew, workspace.command, said]), () =>
      said ? prompts(this.#desk, said) : isOps && !isNew && suggestions(this.#desk),
    );
    this.#list.show(channelId, isOps && isNew, [
      welcome(this.#desk, channel, { outside, first: isOps && isNew }),
      ...channelItems(this.#desk, channelId),
    ]);
    this.#composer.address(
      `Message ${channel.is_im ? name : `#${name}`}`,
      workspace.me.name,
      outside ? `You are not in #${name}` : null,
    );
  }
}

const ABOUT_OPS =
  "Ask for a deployment, a restart or a diagnosis. Handrail shows what would change, waits for the people who may decide, and does it once.";

function welcome(desk, channel, { outside, first }) {
  const { name, is_im: direct } = channel;
  const words = outside
    ? "What is said here is for its members."
    : direct
      ? "Only the two of you see what is said here."
      : name === "ops"
        ? ABOUT_OPS
        : "The very beginning of this channel.";
  const build = () =>
    h(
      "div",
      { class: first ? "welcome welcome-first" : "welcome" },
      direct || first ? rail(48) : h("span", { class: "welcome-mark", "aria-hidden": "true" }, icon("hash", 24)),
      h("h2", null, first ? "Let’s change something in production" : direct ? name : `#${name}`),
      h("p", null, words),
      first && firstSteps(desk),
    );
  return { key: "welcome", signature: `${name} ${words} ${first}`, build };
}
