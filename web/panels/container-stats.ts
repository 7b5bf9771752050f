import { html, type TemplateResult } from "lit";
import { humanSize } from "../engine/format.ts";
import { LightElement } from "../shell/light-element.ts";
import { spark } from "./spark.ts";
import { type Sample, statsOf } from "./stats.ts";

export class ContainerStatsView extends LightElement {
  static override properties = { container: {}, running: { type: Boolean } };
  declare container: string;
  declare running: boolean;
  #stop: (() => void) | undefined;
  #watched: string | undefined;

  override disconnectedCallback(): void {
    this.#stop?.();
    this.#watched = undefined;
    super.disconnectedCallback();
  }

  protected override updated(): void {
    const wanted = this.running ? this.container : undefined;
    if (wanted === this.#watched) return;
    this.#stop?.();
    this.#watched = wanted;
    this.#stop = wanted === undefined ? undefined : statsOf(this.app).watch(wanted, () => this.requestUpdate());
  }

  protected override render(): TemplateResult {
    if (!this.running)
      return html`<div class="empty"><p>A container that does not run uses no processor and no memory.</p></div>`;
    const samples = statsOf(this.app).samples(this.container);
    const last = samples.at(-1);
    const plot = (title: string, text: string, value: (sample: Sample) => number) => html`<section class="card">
      <div class="row"><h2 class="grow">${title}</h2><span class="num">${text}</span></div>${spark(samples.map(value))}
    </section>`;
    return html`<div class="scroll statgrid" tabindex="0" role="region" aria-label="Statistics of the last minute">
      ${plot("CPU", last === undefined ? "" : `${last.cpu.toFixed(2)} %`, ({ cpu }) => cpu)}
      ${plot("Memory", last === undefined ? "" : `${humanSize(last.memory)} of ${humanSize(last.memoryLimit)}`, ({ memory }) => memory)}
      ${plot("Network", last === undefined ? "" : `${humanSize(last.received)} in, ${humanSize(last.sent)} out`, ({ received, sent }) => received + sent)}
      ${plot("Processes", last === undefined ? "" : String(last.pids), ({ pids }) => pids)}
    </div>`;
  }
}
customElements.define("dd-container-stats", ContainerStatsView);
