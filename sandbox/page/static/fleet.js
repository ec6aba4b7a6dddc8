import { h } from "./dom.js";
import { icon } from "./icons.js";
import { busyWhile } from "./elements.js";
import { ago, full } from "./dates.js";

// The fleet panel: what is true in the world, read past the bot; and ways to break it.

const HEALTH = { healthy: "Healthy", degraded: "Degraded", down: "Down" };

const BREAKS = [
  {
    what: "kill_worker",
    sign: "bolt",
    label: "Kill the worker now",
    then: "The run keeps its place and goes on later. Nothing is done twice.",
  },
  {
    what: "lose_reply",
    sign: "plug",
    label: "Lose the reply of the next deployment or ticket",
    then: "It happens, but nobody hears so. Handrail looks it up, or asks: it never just tries again.",
  },
  {
    what: "carol_deploys",
    sign: "person",
    label: "Carol deploys meanwhile",
    then: "What was approved no longer holds. Handrail notices, and asks again.",
  },
];

const KINDS = { deploy: "Deployed", restart: "Restarted", rollback: "Rolled back" };

export class FleetPanel {
  #desk;
  #counts;
  #environments;
  #latest;
  #parts;
  #breaks;
  #breakSection;
  #before = null;

  constructor(host, desk) {
    this.#desk = desk;
    this.#counts = h("div", { class: "counts", "aria-live": "polite" });
    this.#environments = h("div", { class: "environments" });
    this.#latest = h("section", { class: "latest" });
    this.#parts = h("div", { class: "parts" });
    this.#breaks = new Map(BREAKS.map((each) => [each.what, this.#breakButton(each)]));
    this.#breakSection = h(
      "section",
      { class: "breaks" },
      h("h3", null, "Try to break it"),
      this.#parts,
      ...[...this.#breaks.values()].map(({ node }) => node),
    );
    host.append(
      h(
        "header",
        { class: "pane-head" },
        h(
          "div",
          { class: "pane-title" },
          h("h2", null, "Fleet"),
          h("span", { class: "pane-sub" }, "what is really running"),
        ),
        h(
          "button",
          {
            type: "button",
            class: "icon-button",
            "aria-label": "Close fleet panel",
            data: { testid: "fleet-close" },
            on: { click: () => desk.toggleFleet(false) },
          },
          icon("close", 20),
        ),
      ),
      h(
        "div",
        { class: "fleet-body", tabindex: 0, role: "region", "aria-label": "Fleet" },
        this.#counts,
        this.#environments,
        this.#breakSection,
        this.#latest,
      ),
    );
  }

  draw(fleet = this.#before) {
    if (!fleet?.available) {
      this.#counts.replaceChildren();
      this.#environments.replaceChildren(h("p", { class: "empty" }, "The demo fleet is not up yet."));
      this.#latest.replaceChildren();
      return;
    }
    this.#drawCounts(fleet);
    this.#environments.replaceChildren(...fleet.environments.map(environment));
    this.#drawLatest(fleet.deployments.latest ?? []);
    const { button, then } = this.#breaks.get("lose_reply");
    button.classList.toggle("armed", Boolean(fleet.lose_next_reply));
    then.textContent = fleet.lose_next_reply ? "Armed: nobody will hear of the next one." : BREAKS[1].then;
    this.#before = fleet;
  }

  /** Offers only what can be broken here. */
  offer(breakers) {
    for (const [what, { node }] of this.#breaks) node.hidden = !breakers.includes(what);
    this.#breakSection.hidden = !breakers.length;
  }

  /** Which processes are up; *parts* is `{name: state}` or a list of `{name, state}`. */
  drawParts(parts) {
    const rows = Array.isArray(parts)
      ? parts
      : Object.entries(parts ?? {}).map(([name, state]) => ({
          name,
          ...(typeof state === "object" ? state : { state }),
        }));
    this.#parts.replaceChildren(
      ...rows.map(({ name, state }) => {
        const words = typeof state === "boolean" ? (state ? "up" : "down") : String(state ?? "");
        return h(
          "span",
          { class: "part", data: { state: words, testid: `part-${name}` } },
          h("span", { class: "dot", "aria-hidden": "true" }),
          `${name} `,
          h("span", { class: "part-state" }, words),
        );
      }),
    );
  }

  #drawCounts({ deployments, would_have: wouldHave }) {
    const grew = this.#before && this.#before.deployments.count !== deployments.count;
    const plain = wouldHave?.count ?? deployments.count;
    const worse = plain > deployments.count;
    this.#counts.replaceChildren(
      count(
        "deployments-count",
        deployments.count,
        "Deployments that truly happened",
        "read from the fleet’s own database",
        grew && "bump",
      ),
      count(
        "would-have-count",
        plain,
        "A plain retry would have made",
        worse ? `${plain - deployments.count} too many` : "the same, so far",
        worse && "worse",
      ),
    );
  }

  #drawLatest(latest) {
    this.#latest.replaceChildren(
      h("h3", null, "Latest"),
      latest.length
        ? h("ol", { class: "deployments" }, ...latest.slice(0, 5).map(deployment))
        : h("p", { class: "empty" }, "Nothing yet. Ask Handrail to deploy something."),
    );
  }

  #breakButton({ what, sign, label, then }) {
    const words = h("span", { class: "break-then" }, then);
    const button = h(
      "button",
      { type: "button", class: "break", data: { testid: `break-${what}` } },
      icon(sign, 18),
      h("span", { class: "break-words" }, h("span", { class: "break-label" }, label), words),
    );
    button.addEventListener("click", () => busyWhile(button, () => this.#desk.break(what)));
    return { node: button, button, then: words };
  }
}

/** A button in another pane's head that shows the panel. */
export function fleetButton(desk) {
  const show = () => desk.toggleFleet();
  const props = {
    type: "button",
    class: "button button-small fleet-button",
    data: { testid: "fleet-toggle" },
    on: { click: show },
  };
  return h("button", props, icon("servers", 16), "Fleet");
}

function count(testid, number, label, note, mood) {
  return h(
    "div",
    { class: ["count", mood && `count-${mood}`].filter(Boolean).join(" ") },
    h("span", { class: "count-number", data: { testid } }, number),
    h("span", { class: "count-label" }, label),
    h("span", { class: "count-note" }, note),
  );
}

function environment({ name, services }) {
  return h(
    "section",
    { class: "environment", data: { testid: `environment-${name}` } },
    h("h3", null, name),
    h("ul", null, ...services.map((each) => service(each, name))),
  );
}

function service(each, environmentName) {
  const { name, version, previous, health, note, instances = [], deploying } = each;
  const newest = newestOf(each);
  const moved = instances.filter((one) => one.version === newest).length;
  const more = deploying ? `rolling out ${newest}: ${moved} of ${instances.length}` : health !== "healthy" && note;
  return h(
    "li",
    {
      class: "service",
      data: { testid: `service-${name}-${environmentName}`, health, deploying: deploying ? "yes" : null },
    },
    h("span", { class: "service-name" }, name),
    h(
      "span",
      { class: "health", data: { health } },
      h("span", { class: "dot", "aria-hidden": "true" }),
      HEALTH[health] ?? health,
    ),
    h(
      "span",
      {
        class: "instances",
        role: "img",
        "aria-label": instances
          .map((one) => `${one.id}: ${one.version}, ${HEALTH[one.health] ?? one.health}`)
          .join("; "),
      },
      ...instances.map((one) =>
        h("span", {
          class: one.version === newest ? "tick" : "tick tick-old",
          title: `${one.id} · ${one.version} · ${one.health}`,
          data: { health: one.health },
        }),
      ),
    ),
    h(
      "span",
      {
        class: "version",
        title: previous ? `before: ${previous}` : null,
        data: { testid: `version-${name}-${environmentName}` },
      },
      version,
    ),
    more && h("span", { class: deploying ? "service-note deploying" : "service-note" }, more),
  );
}

/** The version the instances are moving to; while they roll, the service may be said to run the old or the new one. */
function newestOf({ version, previous, instances = [], deploying }) {
  const versions = instances.map((one) => one.version);
  if (!deploying || versions.includes(previous)) return version;
  return versions.find((one) => one !== version) ?? version;
}

function deployment({ id, service: name, environment: place, from_version: from, version, by, at, kind }) {
  const moment = new Date(at);
  const change = kind === "restart" ? version : [from && h("span", { class: "from" }, from), from && " → ", version];
  return h(
    "li",
    { data: { testid: "deployment", id } },
    h("span", { class: "deployment-what" }, `${KINDS[kind] ?? kind} `, h("strong", null, name), ` in ${place}`),
    h("span", { class: "deployment-version" }, change),
    h("span", { class: "deployment-by" }, `${by} · `, h("time", { datetime: at, title: full(moment) }, ago(moment))),
  );
}
