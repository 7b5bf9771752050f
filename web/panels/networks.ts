import { html, nothing, svg, type TemplateResult } from "lit";
import * as actions from "../engine/actions.ts";
import { type IconName, icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { type MenuEntry, openMenu, openRowMenu } from "../shell/menu.ts";
import { formatRoute } from "../shell/router.ts";
import { StoreController } from "../state/store.ts";
import { networkDetail } from "./network-detail.ts";
import { type MapContainer, type NetworkMap, networkMap, reachFrom, reachSentence } from "./network-model.ts";
import { openPrune } from "./prune-dialog.ts";

const box = { width: 148, height: 64, gap: 28, left: 176, top: 44 } as const;
const lineGap = 60;

/** The machine's networks as a drawing: containers above, each network a line, a joint with the address where they meet. */
export class Networks extends LightElement {
  static override properties = { name: {}, chosen: { state: true } };
  declare name: string | undefined;
  declare chosen: string | undefined;
  readonly #networks = new StoreController(
    this,
    () => this.app.store,
    (state) => state.networks,
  );
  readonly #containers = new StoreController(
    this,
    () => this.app.store,
    (state) => state.containers,
  );

  protected override render(): TemplateResult {
    const networks = this.#networks.value;
    if (networks === undefined)
      return html`<div class="empty"><p>Networks appear here when the machine runs.</p></div>`;
    const map = networkMap(networks, this.#containers.value ?? []);
    const from =
      this.chosen !== undefined && map.containers.some(({ name }) => name === this.chosen) ? this.chosen : undefined;
    const shown = map.networks.find(({ name }) => name === this.name);
    return html`
      <form class="toolbar" @submit=${this.#create}>
        <input class="input mono" name="name" aria-label="Name of a new network" placeholder="Name of a new network" required pattern="[a-zA-Z0-9][a-zA-Z0-9_.\\-]*" />
        <label class="check"><input type="checkbox" name="internal" />Internal</label>
        <button class="btn">${icon("plus")}Create</button><span class="spacer"></span>
        <button type="button" class="btn" @click=${() => void openPrune(this.app, "network")}>${icon("trash")}Prune</button>
      </form>
      <div class="scroll" tabindex="0" role="region" aria-label="Networks" style="background: var(--ground)">
        <div class="pad stack">
          ${map.containers.length === 0 ? html`<p class="sub">No container runs. A network shows here with its containers as soon as one does.</p>` : html`<div class="card mapcard">${this.#drawing(map, from)}</div>`}
          ${from === undefined ? nothing : html`<section class="card"><h2>From ${from}</h2><ul class="stack" style="gap: 4px">${reachFrom(map, from).map((reach) => html`<li class="row">${icon(reach.how === "none" ? "close" : "check")}<span>${reachSentence(from, reach)}</span></li>`)}</ul></section>`}
          ${shown === undefined ? nothing : networkDetail(this.app, shown, map)}
          ${this.#table(map)}
        </div>
      </div>`;
  }

  #drawing(map: NetworkMap, from: string | undefined): TemplateResult {
    const drawn = map.networks.filter(
      ({ members, driver }) => members.length > 0 || (driver !== "host" && driver !== "null"),
    );
    const width = Math.max(560, box.left + map.containers.length * (box.width + box.gap));
    const bottom = box.top + box.height;
    const height = bottom + 36 + drawn.length * lineGap;
    const x = (index: number): number => box.left + index * (box.width + box.gap);
    const reached = new Map(from === undefined ? [] : reachFrom(map, from).map((reach) => [reach.to, reach]));
    const dim = (name: string): boolean => from !== undefined && name !== from && reached.get(name)?.how === "none";
    return html`<svg class="draw" width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="group" aria-label="Networks and the containers on them">
      ${drawn.map((network, row) => {
        const y = bottom + 44 + row * lineGap;
        const lit = network.name === this.name || (from !== undefined && network.members.includes(from));
        return svg`<g>
          <text class="name" x="0" y=${y - 2}>${clip(network.name)}</text>
          <text class="s" x="0" y=${y + 14}>${network.subnet}${network.internal ? " internal" : ""}</text>
          <path class=${lit ? "bus lit" : "bus"} d="M${box.left - 16} ${y} H${width - 8}" stroke-dasharray=${network.internal ? "6 4" : "none"} />
        </g>`;
      })}
      ${map.containers.map((container, index) =>
        this.#containerDrawing(
          container,
          x(index),
          dim(container.name),
          container.name === from,
          drawn.map(({ name }, row) => ({ name, y: bottom + 44 + row * lineGap })),
        ),
      )}
    </svg>`;
  }

  #containerDrawing(
    container: MapContainer,
    x: number,
    dim: boolean,
    chosen: boolean,
    rows: readonly { readonly name: string; readonly y: number }[],
  ): TemplateResult {
    const choose = (): void => {
      this.chosen = chosen ? undefined : container.name;
    };
    const attached = rows.filter(({ name }) => name in container.addresses);
    const last = attached.at(-1);
    const middle = x + 20;
    const own = Object.values(container.aliases).flat();
    // The short id is a name too, and says nothing that the drawing need show.
    const aliases = [...new Set(own)].filter((alias) => !/^[0-9a-f]{12}$/.test(alias)).join(", ");
    const detail = clip(aliases || `${attached.length} network${attached.length === 1 ? "" : "s"}`);
    // The drawn words first, for those who speak them to their machine.
    const title = `${clip(container.name)} ${detail}: ${attached.map(({ name }) => `${name} ${container.addresses[name]}`).join(", ") || "no network"}`;
    return svg`<g class=${dim ? "dim" : ""}>
      ${last === undefined ? "" : svg`<path class=${chosen ? "drop lit" : "drop"} d="M${middle} ${box.top + box.height} V${last.y}" />`}
      ${attached.map(({ name, y }) => svg`<circle cx=${middle} cy=${y} r="4" class=${chosen ? "joint lit" : "joint"} /><text class="m" x=${middle + 10} y=${y - 6}>${container.addresses[name]}</text>`)}
      ${container.ports.map((port, index) => svg`<text class="s" x=${x} y=${box.top - 10 - index * 14}>${port}</text>`)}
      <g class="node" role="button" tabindex="0" aria-pressed=${chosen} aria-label=${title} @click=${choose} @keydown=${(
        event: KeyboardEvent,
      ) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      }}>
        <rect class=${chosen ? "h" : "b"} x=${x} y=${box.top} width=${box.width} height=${box.height} rx="8" />
        <text class="name" x=${x + 12} y=${box.top + 26}>${clip(container.name)}</text>
        <text class="s" x=${x + 12} y=${box.top + 46}>${detail}</text>
      </g>
    </g>` as unknown as TemplateResult;
  }

  #table(map: NetworkMap): TemplateResult {
    return html`<div class="card" style="padding: 0; overflow-x: auto"><table aria-label="Networks">
      <thead><tr><th>Name</th><th class="roomy">Driver</th><th class="roomy">Subnet</th><th>Containers</th><th><span class="vh">Actions</span></th></tr></thead>
      <tbody>${map.networks.map(
        (
          network,
        ) => html`<tr @contextmenu=${(event: MouseEvent) => openRowMenu(event, network.name, this.#entries(map, network.name, network.members))} aria-selected=${network.name === this.name}>
        <td><a class="name" href=${formatRoute({ view: "networks", name: network.name })}><b>${network.name}</b></a>${network.internal ? html` <span class="badge">internal</span>` : nothing}</td>
        <td class="roomy">${network.driver}</td>
        <td class="mono roomy">${network.subnet || html`<span class="sub">none</span>`}</td>
        <td>${network.members.length === 0 ? html`<span class="sub">none</span>` : network.members.map((name, index) => html`${index > 0 ? ", " : nothing}<a href=${formatRoute({ view: "containers", name })}>${name}</a>`)}</td>
        <td><span class="act">${this.#buttons(map, network.name, network.members)}</span></td></tr>`,
      )}</tbody>
    </table></div>`;
  }

  #entries(map: NetworkMap, network: string, members: readonly string[]): readonly MenuEntry[] {
    const act = (label: string, action: actions.Action, glyph: IconName): MenuEntry => ({
      label,
      hint: action.line,
      icon: glyph,
      run: () => void this.app.perform(action),
    });
    const fixed = network === "host" || network === "none";
    const others = fixed ? [] : map.containers.filter(({ name }) => !members.includes(name));
    return [
      { label: "Show", icon: "net", run: () => this.app.go({ view: "networks", name: network }) },
      ...others.map(({ name }) => act(`Connect ${name}`, actions.connectNetwork(network, name), "plus")),
      ...(fixed ? [] : members).map((name) =>
        act(`Disconnect ${name}`, actions.disconnectNetwork(network, name), "close"),
      ),
    ];
  }

  #buttons(map: NetworkMap, network: string, members: readonly string[]): TemplateResult | typeof nothing {
    if (network === "host" || network === "none") return nothing;
    return html`
      <button class="ib s" aria-label="Connect or disconnect containers of ${network}" title="Connect or disconnect" aria-haspopup="menu"
        @click=${(event: MouseEvent) => openMenu(event.currentTarget as HTMLElement, network, this.#entries(map, network, members))}>${icon("net")}</button>
      ${network === "bridge" ? nothing : html`<button class="ib s" aria-label="docker network rm ${network}" title="docker network rm ${network}" @click=${() => void this.app.perform(actions.removeNetwork(network))}>${icon("trash")}</button>`}`;
  }

  #create(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const data = new FormData(form);
    form.reset();
    void this.app.perform(actions.createNetwork(String(data.get("name") ?? "").trim(), data.get("internal") !== null));
  }
}
customElements.define("dd-networks", Networks);

const clip = (text: string): string => (text.length > 17 ? `${text.slice(0, 16)}…` : text);
