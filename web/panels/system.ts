import { html, nothing, type TemplateResult } from "lit";
import { type PruneKind, prune } from "../engine/actions.ts";
import { errorText } from "../engine/engine.ts";
import { humanSize } from "../engine/format.ts";
import type { MachineMemory } from "../engine/machine-memory.ts";
import type { DiskUsage, SystemInfo } from "../engine/types.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { StoreController } from "../state/store.ts";
import { prunable } from "./prunable.ts";
import { openPrune } from "./prune-dialog.ts";

interface UsageRow {
  readonly type: string;
  readonly total: number;
  readonly active: number;
  readonly size: number;
  readonly reclaimable: number;
  readonly kind: PruneKind;
}

const kindNames: Readonly<Record<PruneKind, string>> = {
  container: "Containers",
  image: "Images",
  volume: "Volumes",
  network: "Networks",
  builder: "Build cache",
};
const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;

/** The rows of `docker system df`. */
export function usageRows(usage: DiskUsage): readonly UsageRow[] {
  const images = usage.Images ?? [];
  const containers = usage.Containers ?? [];
  const volumes = usage.Volumes ?? [];
  const cache = usage.BuildCache ?? [];
  const sum = (sizes: readonly (number | undefined)[]): number =>
    sizes.reduce<number>((total, size) => total + Math.max(0, size ?? 0), 0);
  const unused = images.filter(({ Containers }) => (Containers ?? 0) <= 0);
  const running = containers.filter(({ State }) => State === "running" || State === "paused");
  const stopped = containers.filter((container) => !running.includes(container));
  const usedVolumes = volumes.filter(({ UsageData }) => (UsageData?.RefCount ?? 0) > 0);
  const freeVolumes = volumes.filter((volume) => !usedVolumes.includes(volume));
  return [
    {
      type: "Images",
      total: images.length,
      active: images.length - unused.length,
      size: usage.LayersSize ?? sum(images.map(({ Size }) => Size)),
      reclaimable: sum(unused.map(({ Size, SharedSize }) => Size - Math.max(0, SharedSize ?? 0))),
      kind: "image",
    },
    {
      type: "Containers",
      total: containers.length,
      active: running.length,
      size: sum(containers.map(({ SizeRw }) => SizeRw)),
      reclaimable: sum(stopped.map(({ SizeRw }) => SizeRw)),
      kind: "container",
    },
    {
      type: "Local volumes",
      total: volumes.length,
      active: usedVolumes.length,
      size: sum(volumes.map(({ UsageData }) => UsageData?.Size)),
      reclaimable: sum(freeVolumes.map(({ UsageData }) => UsageData?.Size)),
      kind: "volume",
    },
    {
      type: "Build cache",
      total: cache.length,
      active: cache.filter(({ InUse }) => InUse).length,
      size: sum(cache.map(({ Size }) => Size)),
      reclaimable: sum(cache.filter(({ InUse }) => !InUse).map(({ Size }) => Size)),
      kind: "builder",
    },
  ];
}

/** What the machine is, what is used, and what could be freed. */
export class System extends LightElement {
  static override properties = {
    info: { state: true },
    usage: { state: true },
    failure: { state: true },
  };
  declare info: SystemInfo | undefined;
  declare usage: DiskUsage | undefined;
  declare failure: string | undefined;
  readonly #state = new StoreController(
    this,
    () => this.app.store,
    (state) => state,
  );
  #seen: readonly unknown[] = [];

  protected override updated(): void {
    const { machine, containers, images, volumes } = this.#state.value;
    if (machine.kind !== "running") return;
    const now = [containers, images, volumes];
    if (this.#seen.length > 0 && now.every((each, index) => each === this.#seen[index])) return;
    this.#seen = now;
    void this.#fetch();
  }

  async #fetch(): Promise<void> {
    try {
      const [info, usage] = await Promise.all([
        this.app.engine.get<SystemInfo>("/info"),
        this.app.engine.get<DiskUsage>("/system/df"),
      ]);
      this.info = info;
      this.usage = usage;
      void this.app.playgrounds().then((playgrounds) => playgrounds.refresh());
      this.failure = undefined;
    } catch (error) {
      this.failure = errorText(error);
    }
  }

  protected override render(): TemplateResult {
    if (this.failure !== undefined)
      return html`<div class="pad"><div class="note bad">${icon("warn")}<p>${this.failure}</p></div></div>`;
    const { info, usage } = this;
    const { vitals } = this.#state.value;
    return html`<div class="scroll pad systemgrid" tabindex="0" role="region" aria-label="System">
      <div class="stack">
        <section class="card"><div class="row"><h2 class="grow">Disk</h2><code class="s sub">docker system df</code></div>
          ${usage === undefined ? nothing : html`${this.#disk(usage)}${this.#prunable(usage)}`}</section>
        <section class="card"><h2>This device</h2>${this.#device()}</section>
      </div>
      <div class="stack">
        <section class="card"><div class="row"><h2 class="grow">Memory</h2><button class="src" title="Run in the terminal: free -m" @click=${() => void this.app.runInTerminal("free -m")}>/proc/meminfo</button></div>
          ${this.#memory(vitals.memory)}</section>
        <section class="card"><div class="row"><h2 class="grow">Machine and engine</h2><code class="s sub">docker info</code></div>
          ${info === undefined ? nothing : this.#machine(info)}</section>
      </div>
    </div>`;
  }

  #disk(usage: DiskUsage): TemplateResult {
    return html`<table class="plain usage"><thead><tr><th>Type</th><th class="right">Total</th><th class="right">Active</th><th class="right">Size</th><th class="right">Reclaimable</th><th><span class="vh">Action</span></th></tr></thead>
      <tbody>${usageRows(usage).map(
        ({ type, total, active, size, reclaimable, kind }) => html`<tr>
        <td>${type}</td><td class="num right">${total}</td><td class="num right">${active}</td><td class="num right">${humanSize(size)}</td><td class="num right">${humanSize(reclaimable)}</td>
        <td class="right"><button class="btn s" title=${prune(kind, false).line} aria-label="Prune ${type.toLowerCase()}" @click=${() => void openPrune(this.app, kind, () => void this.#fetch())}>Prune</button></td></tr>`,
      )}</tbody></table>`;
  }

  /** What `docker system prune` would take, by name. */
  #prunable(usage: DiskUsage): TemplateResult {
    const lists = { usage, networks: this.#state.value.networks ?? [] };
    const kinds: readonly PruneKind[] = ["container", "network", "image", "builder"];
    const found = kinds.flatMap((kind) => {
      const { names } = prunable(kind, false, lists);
      return names.length === 0 ? [] : [{ kind, names }];
    });
    return html`<div class="row" style="margin-top: 8px"><h3 class="grow">What a prune would remove</h3><code class="s sub">docker system prune</code></div>
      ${
        found.length === 0
          ? html`<p class="sub">Nothing: no stopped container, no network or image that is not used.</p>`
          : html`<dl class="kv">${found.map(({ kind, names }) => html`<dt>${kindNames[kind]}</dt><dd class="mono s">${names.slice(0, 12).join(", ")}${names.length > 12 ? ` and ${names.length - 12} more` : ""}</dd>`)}</dl>`
      }`;
  }

  #memory(memory: MachineMemory | undefined): TemplateResult {
    // Its place is kept: what is read a second later moves nothing.
    if (memory === undefined) return html`<div class="bar"></div><p class="sub">Not read yet</p>`;
    const { total, available } = memory;
    const used = total - available;
    const share = used / total;
    return html`<div class="bar ${share > 0.85 ? "warn" : "ok"}"><i style="width: ${(100 * share).toFixed(1)}%"></i></div>
      <p class="sub num">${mebibytes(used)} of ${mebibytes(total)} used, containers included; ${mebibytes(available)} to spare</p>`;
  }

  #machine(info: SystemInfo): TemplateResult {
    const rows: readonly [string, string][] = [
      ["Engine", info.ServerVersion],
      ["Operating system", info.OperatingSystem],
      ["Kernel", `${info.KernelVersion}, ${info.Architecture}`],
      ["Processors", String(info.NCPU)],
      ["Storage driver", info.Driver],
      ["Cgroups", `version ${info.CgroupVersion ?? "?"}, ${info.CgroupDriver ?? "?"}`],
      [
        "Security",
        (info.SecurityOptions ?? [])
          .map((each) => each.replace(/^name=/, "").replace(",profile=", ", profile "))
          .join("; "),
      ],
    ];
    return html`<dl class="kv">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      ${(info.Warnings ?? []).map((warning) => html`<div class="note warn">${icon("warn")}<p>${warning}</p></div>`)}`;
  }

  #device(): TemplateResult {
    const { machine, vitals } = this.#state.value;
    const { usage = 0, quota = 0 } = vitals.storage ?? {};
    const durable = machine.kind === "running" && machine.report.durable;
    return html`<p class="text2">${durable ? "Images, volumes and files are kept in this browser." : "The browser gives no storage here: nothing is kept after a reload."}</p>
      ${quota === 0 ? nothing : html`<div class="bar ${usage / quota > 0.8 ? "warn" : "ok"}"><i style="width: ${Math.min(100, (100 * usage) / quota).toFixed(1)}%"></i></div><p class="sub num">${humanSize(usage)} of ${humanSize(quota)} used by this site</p>`}
      ${this.#takers(usage)}`;
  }

  /** What takes the browser's storage, largest first. */
  #takers(usage: number): TemplateResult | typeof nothing {
    const { list } = this.#state.value.playgrounds;
    if (list.length === 0) return nothing;
    const kept = list.reduce((sum, { bytes }) => sum + bytes, 0);
    const rows = [
      ...list.map(({ name, bytes }) => ({ name, bytes })),
      { name: "The page, its machine, what is kept offline", bytes: Math.max(0, usage - kept) },
    ].sort((a, b) => b.bytes - a.bytes);
    return html`<table class="plain"><thead><tr><th>Kept in this browser</th><th class="right">Size</th></tr></thead>
      <tbody>${rows.map(({ name, bytes }) => html`<tr><td class="wraps">${name}</td><td class="num right">${humanSize(bytes)}</td></tr>`)}</tbody></table>
      <p><a class="link" href="#/">Playgrounds: rename, copy, save, delete</a></p>`;
  }
}
customElements.define("dd-system", System);
