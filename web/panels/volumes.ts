import { html, nothing, type TemplateResult } from "lit";
import * as actions from "../engine/actions.ts";
import { containerName } from "../engine/format.ts";
import type { ContainerSummary } from "../engine/types.ts";
import { askSure } from "../shell/ask.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { type MenuEntry, openMenu, openRowMenu } from "../shell/menu.ts";
import { formatRoute } from "../shell/router.ts";
import { StoreController } from "../state/store.ts";
import { emptyState } from "./containers.ts";
import "./file-browser.ts";
import { openPrune } from "./prune-dialog.ts";

export const usersOf = (volume: string, containers: readonly ContainerSummary[]): readonly ContainerSummary[] =>
  containers.filter(({ Mounts }) => Mounts?.some((mount) => mount.Type === "volume" && mount.Name === volume));

export class Volumes extends LightElement {
  static override properties = { name: {} };
  declare name: string | undefined;
  readonly #volumes = new StoreController(
    this,
    () => this.app.store,
    (state) => state.volumes,
  );
  readonly #containers = new StoreController(
    this,
    () => this.app.store,
    (state) => state.containers,
  );

  protected override render(): TemplateResult {
    const volumes = this.#volumes.value;
    if (volumes === undefined) return html`<div class="empty"><p>Volumes appear here when the machine runs.</p></div>`;
    if (this.name !== undefined)
      return html`<div class="toolbar"><a class="ib s" href="#/volumes" aria-label="All volumes" title="All volumes">${icon("back")}</a><b>${this.name}</b></div>
        <dd-file-browser .place=${{ kind: "volume", name: this.name }} style="display: contents"></dd-file-browser>`;
    return html`
      <form class="toolbar" @submit=${this.#create}>
        <input class="input mono" name="name" aria-label="Name of a new volume" placeholder="Name of a new volume" required pattern="[a-zA-Z0-9][a-zA-Z0-9_.\\-]*" />
        <button class="btn">${icon("plus")}Create</button><span class="spacer"></span>
        <button type="button" class="btn" @click=${() => void openPrune(this.app, "volume")}>${icon("trash")}Prune</button>
      </form>
      ${
        volumes.length === 0
          ? emptyState(this.app, "No volumes yet.", "docker volume create data")
          : html`<div class="scroll" tabindex="0" role="region" aria-label="Volumes"><table>
              <thead><tr><th>Name</th><th class="roomy">Driver</th><th>Used by</th><th class="roomy">Mountpoint</th><th><span class="vh">Actions</span></th></tr></thead>
              <tbody>${volumes.map(
                ({
                  Name,
                  Driver,
                  Mountpoint,
                }) => html`<tr @contextmenu=${(event: MouseEvent) => openRowMenu(event, Name, this.#entries(Name))}>
                <td class="max"><a class="name mono" href=${formatRoute({ view: "volumes", name: Name })}>${Name}</a></td>
                <td class="roomy">${Driver}</td>
                <td>${this.#users(Name)}</td>
                <td class="max roomy"><span class="mono sub" title=${Mountpoint}>${Mountpoint}</span></td>
                <td><span class="act">
                  <a class="ib s" aria-label="Browse ${Name}" title="Browse ${Name}" href=${formatRoute({ view: "volumes", name: Name })}>${icon("folder")}</a>
                  <button class="ib s" aria-label="docker volume rm ${Name}" title="docker volume rm ${Name}" @click=${() => void this.#remove(Name)}>${icon("trash")}</button>
                  <button class="ib s" aria-label="More for ${Name}" title="More" aria-haspopup="menu" @click=${(event: MouseEvent) => openMenu(event.currentTarget as HTMLElement, Name, this.#entries(Name))}>${icon("more")}</button>
                </span></td></tr>`,
              )}</tbody>
            </table></div>`
      }`;
  }

  #entries(name: string): readonly MenuEntry[] {
    return [
      { label: "Browse", icon: "folder", run: () => this.app.go({ view: "volumes", name }) },
      {
        label: "Inspect in the terminal",
        hint: `docker volume inspect ${name}`,
        icon: "search",
        run: () => void this.app.runInTerminal(`docker volume inspect ${name}`),
      },
      {
        label: "Download as a zip",
        icon: "download",
        run: () =>
          void import("../files/zip.ts").then(({ downloadPlace }) =>
            downloadPlace(this.app, { kind: "volume", name }, "/", name),
          ),
      },
      { label: "Copy name", icon: "copy", run: () => void this.app.copy(name, "Name") },
      "separator",
      {
        label: "Remove",
        hint: `docker volume rm ${name}`,
        icon: "trash",
        danger: true,
        run: () => void this.#remove(name),
      },
    ];
  }

  /** The engine refuses one that is used; of one that is not, the contents are asked for first. */
  async #remove(name: string): Promise<void> {
    const action = actions.removeVolume(name);
    const used = usersOf(name, this.#containers.value ?? []).length > 0;
    const sure =
      used ||
      (await askSure({
        title: `Remove the volume ${name}?`,
        body: "All files in it are gone then, for good.",
        line: action.line,
        button: "Remove",
      }));
    if (sure) await this.app.perform(action);
  }

  #users(volume: string): TemplateResult | TemplateResult[] {
    const users = usersOf(volume, this.#containers.value ?? []);
    if (users.length === 0) return html`<span class="sub">none</span>`;
    return users.map(
      (user, index) =>
        html`${index > 0 ? ", " : nothing}<a href=${formatRoute({ view: "containers", name: containerName(user) })}>${containerName(user)}</a>`,
    );
  }

  #create(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const name = String(new FormData(form).get("name") ?? "").trim();
    form.reset();
    void this.app.perform(actions.createVolume(name));
  }
}
customElements.define("dd-volumes", Volumes);
