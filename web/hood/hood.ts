import { html, nothing, type TemplateResult } from "lit";
import type { HoodReport } from "../../worker/protocol/index.ts";
import { errorText } from "../engine/engine.ts";
import { containerName, isUp } from "../engine/format.ts";
import { emptyState } from "../panels/containers.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { StoreController } from "../state/store.ts";
import { hoodCards } from "./cards.ts";
import { HoodHistory } from "./history.ts";

/** The time between two looks at the kernel's files, while somebody looks. */
const everyMs = 2000;

/** What a container is made of, as the kernel tells it: one container, or two side by side. */
export class Hood extends LightElement {
  static override properties = {
    name: {},
    beside: {},
    reports: { state: true },
    failure: { state: true },
  };
  declare name: string | undefined;
  declare beside: string | undefined;
  declare reports: Readonly<Record<string, HoodReport>>;
  declare failure: string | undefined;
  readonly #containers = new StoreController(
    this,
    () => this.app.store,
    (state) => state.containers,
  );
  readonly #history = new HoodHistory();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.reports = {};
  }

  protected override firstUpdated(): void {
    void this.#look();
  }
  override disconnectedCallback(): void {
    clearTimeout(this.#timer);
    super.disconnectedCallback();
  }

  get #running(): readonly string[] {
    return (this.#containers.value ?? []).filter(({ State }) => isUp(State)).map(containerName);
  }
  get #first(): string | undefined {
    return this.name ?? this.#running[0];
  }
  get #wanted(): readonly string[] {
    return [this.#first, this.beside].filter((name) => name !== undefined && this.#running.includes(name)) as string[];
  }

  async #look(): Promise<void> {
    try {
      if (!document.hidden) {
        const reports = await Promise.all(
          this.#wanted.map(async (name) => [name, await this.app.bridge.inspect(name)] as const),
        );
        for (const [, report] of reports) this.#history.add(report);
        this.reports = Object.fromEntries(reports);
        this.failure = undefined;
      }
    } catch (error) {
      this.failure = errorText(error);
    }
    if (this.isConnected)
      this.#timer = setTimeout(
        () => void this.#look(),
        this.#wanted.every((name) => name in this.reports) ? everyMs : 200,
      );
  }

  protected override render(): TemplateResult {
    if (this.#containers.value === undefined) return html`<div class="empty"><p>The machine is starting.</p></div>`;
    if (this.#running.length === 0)
      return emptyState(this.app, "No container runs. Start one to look inside.", "docker run -d --name web nginx");
    const chosen = this.#first;
    return html`
      <div class="toolbar">
        ${this.#chooser("Container", chosen, (name) => this.app.go({ view: "hood", name, ...(this.beside === undefined ? {} : { beside: this.beside }) }))}
        ${
          this.beside === undefined
            ? html`<button class="btn s" ?disabled=${this.#running.length < 2} @click=${() => {
                const other = this.#running.find((name) => name !== chosen);
                if (other !== undefined && chosen !== undefined)
                  this.app.go({ view: "hood", name: chosen, beside: other });
              }}>${icon("split")}Compare with another</button>`
            : html`<span class="sub">beside</span>${this.#chooser("Second container", this.beside, (beside) => this.app.go({ view: "hood", name: chosen ?? "", beside }))}
                <button class="ib s" aria-label="Show one container" title="Show one container" @click=${() => this.app.go({ view: "hood", name: chosen ?? "" })}>${icon("close")}</button>`
        }
        <span class="spacer"></span><span class="badge ok">live</span>
      </div>
      ${this.failure === undefined ? nothing : html`<div class="pad"><div class="note warn">${icon("warn")}<p>${this.failure}</p></div></div>`}
      <div class="scroll hoodgrid ${this.#wanted.length > 1 ? "two" : ""}" tabindex="0" role="region" aria-label="Under the hood">
        ${chosen !== undefined && !this.#running.includes(chosen) ? html`<div class="note">${icon("bulb")}<p><b>${chosen}</b> does not run. Only a running container has processes and namespaces.</p></div>` : nothing}
        ${this.#wanted.map((name) => {
          const report = this.reports[name];
          return report === undefined
            ? nothing
            : html`<div class="hoodcol">${this.#wanted.length > 1 ? html`<h2>${name}</h2>` : nothing}${hoodCards(this.app, report, this.#history)}</div>`;
        })}
      </div>`;
  }

  #chooser(label: string, chosen: string | undefined, choose: (name: string) => void): TemplateResult {
    return html`<select class="input" style="width: 180px" aria-label=${label} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      ${this.#running.map((name) => html`<option ?selected=${name === chosen}>${name}</option>`)}
    </select>`;
  }
}
customElements.define("dd-hood", Hood);
