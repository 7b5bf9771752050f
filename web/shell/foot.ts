import { html, nothing, type TemplateResult } from "lit";
import { spacedSize } from "../engine/format.ts";
import type { MachineMemory } from "../engine/machine-memory.ts";
import { StoreController } from "../state/store.ts";
import { LightElement } from "./light-element.ts";

export class Foot extends LightElement {
  readonly #state = new StoreController(
    this,
    () => this.app.store,
    (state) => state,
  );

  #machine(): { readonly dot: string; readonly text: string } {
    const { machine } = this.#state.value;
    switch (machine.kind) {
      case "off":
        return { dot: "exit", text: "Machine not started" };
      case "starting":
        return { dot: "pause", text: "Machine starting" };
      case "running":
        return this.#state.value.busy
          ? { dot: "pause", text: "Machine busy" }
          : { dot: "run", text: "Machine running" };
      case "elsewhere":
        return { dot: "exit", text: "Open in another tab" };
      case "failed":
        return { dot: "bad", text: "Machine did not start" };
      case "lost":
        return { dot: "bad", text: "Machine stopped" };
    }
  }

  protected override render(): TemplateResult {
    const { machine, offline, engineVersion, apiVersion, vitals } = this.#state.value;
    const { dot, text } = this.#machine();
    return html`<footer class="foot">
      <span><i class="dot ${dot}"></i>${text}</span>
      ${machine.kind === "running" ? html`<a class="num" href="#/system" title="What takes it">${memoryText(vitals.memory, machine.report.memoryBytes)}${storageText(vitals.storage)}</a>` : nothing}
      ${engineVersion === undefined ? nothing : html`<span class="num wide">Engine ${engineVersion} · API ${apiVersion}</span>`}
      <span class="grow"></span>
      ${machine.kind === "running" ? html`<span class="wide">${machine.report.durable ? "Kept on this device" : "Not kept after a reload"}</span>` : nothing}
      ${offline ? html`<span class="wide">Works offline</span>` : nothing}
      <button @click=${() => this.dispatchEvent(new CustomEvent("open-keys", { bubbles: true }))}><kbd>F1</kbd> Keys</button>
    </footer>`;
  }
}

/** Before the first look, what the machine has in all. */
function memoryText(memory: MachineMemory | undefined, all: number): string {
  return memory === undefined
    ? `Memory ${mebibytes(all)} MB`
    : `Memory ${mebibytes(memory.total - memory.available)} of ${mebibytes(memory.total)} MB`;
}

function storageText({ usage, quota }: StorageEstimate = {}): TemplateResult | typeof nothing {
  if (usage === undefined || quota === undefined || quota === 0) return nothing;
  return html`<span class="wide">Disk ${spacedSize(usage)} of ${spacedSize(quota)}</span>`;
}

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

customElements.define("dd-foot", Foot);
