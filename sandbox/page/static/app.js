import { api } from "./api.js";
import { Live } from "./live.js";
import { Workspace, isRoot } from "./workspace.js";
import { Sidebar } from "./sidebar.js";
import { ChannelPane } from "./channel.js";
import { ThreadPane } from "./thread.js";
import { HomePane } from "./home.js";
import { FleetPanel } from "./fleet.js";
import { Modals } from "./modal.js";
import { Columns } from "./columns.js";
import { Whereabouts } from "./whereabouts.js";
import { listenToKeys } from "./keys.js";
import { announce, refusal, toast } from "./toasts.js";
import { applyTheme } from "./theme.js";

const SOON = 20_000;
const AGAIN = 1500;
const MINUTE = 60_000;
const MESSAGE_LINK = /^https:\/\/[\w-]+\.slack\.com\/archives\/([A-Z0-9]+)\/p(\d+)(\d{6})(?:\?|$)/;

/** The page as a whole: what is open, who one is, and all that one can do. The panes only draw. */
class Desk {
  workspace = new Workspace();
  columns = new Columns(this);
  #where = new Whereabouts();
  #saidAt = 0;
  #dismissed = new Set();
  #met = new Set();
  #leftOpen = new Set();
  #drawing = false;

  constructor() {
    applyTheme();
    const part = (name) => document.querySelector(`#${name}`);
    this.sidebar = new Sidebar(part("sidebar"), this);
    this.channelPane = new ChannelPane(part("channel"), this);
    this.homePane = new HomePane(part("home"), this);
    this.threadPane = new ThreadPane(part("thread"), this);
    this.fleetPanel = new FleetPanel(part("fleet"), this);
    this.modals = new Modals(this);
    this.live = new Live({
      onEvent: (event) => this.#happened(event),
      onOpen: () => this.#refresh(),
      onLost: () => this.#lost(true),
    });
    listenToKeys(this);
    document.addEventListener("click", (event) => this.#follows(event));
    setInterval(() => this.fleetPanel.draw(), MINUTE);
    this.live.connect(this.#where.as);
  }

  get channelId() {
    return this.#where.channelId;
  }

  get thread() {
    return this.#where.thread;
  }

  get place() {
    return this.#where.place;
  }

  get names() {
    return this.workspace.names;
  }

  firstPerson() {
    return this.workspace.people[0];
  }

  /** The one whose turn the demo offers: the second person to the first, and back. */
  otherPerson() {
    const [first, second] = this.workspace.people;
    return this.workspace.me.id === first?.id ? second : first;
  }

  // --- what one can do ---

  become(id) {
    if (id === this.#where.as) return;
    this.#where.as = id;
    this.workspace.me = this.workspace.user(id) ?? this.workspace.me;
    this.workspace.home = null;
    this.modals.closeAll();
    this.live.connect(id);
    if (this.place === "home") this.openHome();
    this.draw();
  }

  async say(text, thread = null) {
    const channel = thread?.channel ?? this.channelId;
    if (!thread) {
      this.#saidAt = Date.now();
      this.channelPane.toEnd();
    }
    return this.#told(await api.say(this.#where.as, channel, text, thread?.ts));
  }

  async click(action) {
    return this.#told(await api.click(this.#where.as, action));
  }

  async submitView(view, state) {
    this.#saidAt = Date.now();
    const answer = await api.submitView(this.#where.as, view, state);
    return answer.errors ? answer : this.#told(answer);
  }

  closeView(view) {
    return api.closeView(this.#where.as, view);
  }

  /** *message* (channel, ts) for a shortcut about one. */
  async shortcut(callback, message = null) {
    return this.#told(await api.shortcut(this.#where.as, callback, message));
  }

  async stopSession({ channel, ts }) {
    return this.#told(await api.stopSession(this.#where.as, channel, ts));
  }

  async break(what) {
    const answer = this.#told(await api.break(what));
    if (answer.ok && answer.text) toast(answer.text);
    return answer;
  }

  dismiss(message) {
    this.#dismissed.add(message.ts);
    this.workspace.remove(message.channel, message.ts);
    this.draw();
  }

  openHome() {
    this.#where.place = "home";
    this.columns.show("channel");
    this.draw();
    api.openHome(this.#where.as).then((answer) => this.#told(answer));
  }

  backFromHome() {
    this.#where.place = "channel";
    this.draw();
  }

  async openChannel(id) {
    this.#where.place = "channel";
    if (id !== this.channelId) this.#where.thread = null;
    this.#where.channelId = id;
    this.workspace.unread.delete(id);
    if (this.workspace.channel(id)?.is_im) api.openHome(this.#where.as, "messages");
    this.columns.show("channel");
    this.draw();
    if (!this.columns.single) this.channelPane.focus();
    await this.#load(id);
    this.draw();
  }

  /** A link to a message of this workspace leads there, as in Slack's own client. */
  #follows(event) {
    const address = event.target.closest?.("a[href]")?.href ?? "";
    const found = MESSAGE_LINK.exec(address);
    const channel = found && this.workspace.channel(found[1]);
    if (!channel || channel.is_member === false) return;
    event.preventDefault();
    const thread = new URL(address).searchParams.get("thread_ts") ?? `${found[2]}.${found[3]}`;
    this.openChannel(channel.id).then(() => this.openThread(channel.id, thread));
  }

  /** *byItself*: the run opened it, so neither focus nor pane moves. */
  openThread(channel, ts, { byItself = false } = {}) {
    this.#where.thread = { channel, ts };
    this.#where.place = "channel";
    if (!byItself) this.columns.show("thread");
    this.draw();
    if (!byItself && !this.columns.single) this.threadPane.focus();
  }

  closeThread() {
    this.#where.thread = null;
    this.columns.show("channel");
    this.draw();
    if (!this.columns.single) this.channelPane.focus();
  }

  toggleFleet(open) {
    this.columns.toggleFleet(open);
  }

  // --- what happens ---

  async #refresh() {
    const as = this.#where.as;
    try {
      const state = await api.state(as);
      if (as !== this.#where.as) return;
      this.workspace.adopt(state);
      const first = !this.channelId;
      this.#where.settle(this.workspace);
      if (first && this.thread) this.columns.show("thread");
      this.#settleViews(as, state.views ?? []);
      this.fleetPanel.offer(state.breakers ?? []);
      this.fleetPanel.drawParts(state.parts);
      await Promise.all([
        this.#load(this.channelId),
        this.thread && this.thread.channel !== this.channelId && this.#load(this.thread.channel),
        this.#fleet(),
      ]);
      this.#lost(false);
      this.columns.ready();
      this.draw();
    } catch {
      this.#lost(true);
      setTimeout(() => as === this.#where.as && this.live.connect(as), AGAIN);
    }
  }

  /** As in Slack, a page that is opened anew does not bring back the dialogs that somebody had open before it. */
  #settleViews(as, views) {
    if (!this.#met.has(as)) for (const { id } of views) if (!this.modals.has(id)) this.#leftOpen.add(id);
    this.#met.add(as);
    this.modals.settle(views.filter((view) => !this.#leftOpen.has(view.id)));
  }

  async #load(channel) {
    const as = this.#where.as;
    const inside = this.workspace.channel(channel)?.is_member !== false;
    const messages = inside ? await api.messages(as, channel) : [];
    if (as === this.#where.as)
      this.workspace.replace(
        channel,
        messages.filter((message) => !this.#dismissed.has(message.ts)),
      );
  }

  async #fleet() {
    const fleet = await api.fleet().catch(() => null);
    if (fleet) this.fleetPanel.draw(fleet);
  }

  #lost(isLost) {
    document.querySelector("#lost").hidden = !isLost;
  }

  #happened(event) {
    const { workspace } = this;
    const heard = {
      message: () => this.#arrived(event.message),
      ephemeral: () => this.#arrived(event.message),
      message_changed: () => workspace.put(event.message),
      message_deleted: () => workspace.remove(event.channel, event.ts),
      view_opened: () => this.modals.open(event.view),
      view_updated: () => this.#leftOpen.has(event.view.id) || this.modals.update(event.view),
      view_closed: () => this.modals.close(event.view_id),
      home: () => (workspace.home = event.home ?? event.view),
      agent_session: () => this.#session(event.session ?? event),
      channel: () => this.#refresh(),
      toast: () => toast(event.text, { error: event.level === "error" }),
      prompts: () => (workspace.prompts[event.channel] = event.prompts),
      fleet: () => this.#fleet(),
      parts: () => this.fleetPanel.drawParts(event.parts),
    };
    heard[event.type]?.();
    this.#drawSoon();
  }

  #arrived(message) {
    const { workspace } = this;
    workspace.put(message);
    const here = this.place === "channel" && message.channel === this.channelId;
    if (!here && message.user !== workspace.me.id) workspace.unread.add(message.channel);
    if (here && message.user === workspace.bot.user_id && !message.is_ephemeral)
      this.#follow(message.channel, message.thread_ts ?? message.ts, isRoot(message));
    if (message.user !== workspace.me.id) announce(message, this.workspace);
    if (message.is_ephemeral) setTimeout(() => this.threadPane.reveal(message.ts), 60);
  }

  #session(session) {
    this.workspace.setSession(session);
    if (session.status === "processing" && session.channel === this.channelId)
      this.#follow(session.channel, session.thread_ts, false);
  }

  /** Opens the thread of a run that starts: always the one just asked for, any other only where no thread is open. */
  #follow(channel, ts, isNewRoot) {
    const asked = Date.now() - this.#saidAt < SOON;
    const elsewhere = this.thread && this.thread.ts !== ts;
    const known = this.workspace.session(channel, ts) || !isNewRoot;
    if (this.columns.single || this.place !== "channel" || !known || (elsewhere && !asked) || this.thread?.ts === ts)
      return;
    this.#saidAt = 0;
    this.openThread(channel, ts, { byItself: true });
  }

  #told(answer) {
    if (!answer.ok) toast(refusal(answer.error), { error: true });
    return answer;
  }

  // --- what is seen ---

  draw() {
    if (!this.workspace.team.id) return;
    const thread = this.place === "channel" && this.thread;
    this.columns.draw({ place: this.place, hasThread: Boolean(thread) });
    this.sidebar.draw();
    if (this.place === "home") this.homePane.draw();
    else this.channelPane.draw();
    if (thread) this.threadPane.draw();
    this.#where.tell(this.workspace);
  }

  #drawSoon() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.draw();
    });
  }
}

new Desk();
