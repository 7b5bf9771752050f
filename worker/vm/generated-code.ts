/**
 * The functions that stand in the emulator's table, each with what it was made of. A function without its bytes could not be
 * saved, and a slot that is left empty crashes the emulator at its next call: so the record must be complete.
 */

import { type GeneratedFunction, mergeFunctions, parseGenerated, splitModule } from "./code-module.ts";
import { FIRST_GENERATED_SLOT, type V86Exports } from "./v86-library.ts";

/** Where a function's bytes are: as the emulator generated them, or in a merged module that a machine was restored with. */
type Origin =
  | { readonly kind: "generated"; readonly module: Uint8Array }
  | { readonly kind: "merged"; readonly source: MergedSource };

/** A merged module's bytes are needed only when the machine is saved again: the host may have compiled them as a stream. */
export class MergedSource {
  private readonly load: () => Promise<Uint8Array>;
  private parsed: Promise<Map<number, GeneratedFunction>> | undefined;

  constructor(load: () => Promise<Uint8Array>) {
    this.load = load;
  }

  functions(): Promise<Map<number, GeneratedFunction>> {
    this.parsed ??= this.load().then(splitModule);
    return this.parsed;
  }
}

/** The table's content at one instant. Keeps the functions themselves alive, so that they can be put back in place. */
export class CodeCapture {
  readonly slots: ReadonlyMap<number, { readonly callable: unknown; readonly origin: Origin }>;

  constructor(slots: ReadonlyMap<number, { readonly callable: unknown; readonly origin: Origin }>) {
    this.slots = slots;
  }

  async functions(): Promise<Map<number, GeneratedFunction>> {
    const functions = new Map<number, GeneratedFunction>();
    for (const [slot, { origin }] of this.slots) {
      const found =
        origin.kind === "generated" ? parseGenerated(origin.module) : (await origin.source.functions()).get(slot);
      if (found === undefined) throw new Error(`The code of slot ${slot} is not in its module`);
      functions.set(slot, found);
    }
    return functions;
  }

  /** The same in two parts: slots in which code of `base` stands, and a module of all other code. */
  async since(base: MergedSource | undefined): Promise<{ keptSlots: number[]; code: Uint8Array<ArrayBuffer> }> {
    const isKept = ({ origin }: { origin: Origin }) => origin.kind === "merged" && origin.source === base;
    const kept = [...this.slots].filter(([, entry]) => isKept(entry));
    const later = new CodeCapture(new Map([...this.slots].filter(([, entry]) => !isKept(entry))));
    return { keptSlots: kept.map(([slot]) => slot), code: await later.merged() };
  }

  /** One module that brings the whole table back in another emulator. */
  async merged(): Promise<Uint8Array<ArrayBuffer>> {
    return mergeFunctions(await this.functions());
  }
}

export class GeneratedCode {
  private readonly origins = new Map<number, Origin>();
  private pending = 0;
  private waiting: (() => void)[] = [];
  private table: WebAssembly.Table | undefined;
  private imports: WebAssembly.ModuleImports = {};
  /** The first module that the table was filled with: the snapshot's. */
  private firstSource: MergedSource | undefined;

  attach(table: WebAssembly.Table, exports: V86Exports): void {
    this.table = table;
    // As v86 chooses them for its own generated modules.
    const functions = Object.entries(exports).filter(([name]) => !/^_|^zstd|_js$/.test(name));
    this.imports = { ...Object.fromEntries(functions), m: exports.memory, t: table };
  }

  generated(index: number, module: Uint8Array): void {
    this.pending++;
    this.origins.set(FIRST_GENERATED_SLOT + index, { kind: "generated", module });
  }

  /** A generated module has been instantiated (or, its guest code changed meanwhile, thrown away). */
  finished(): void {
    this.pending--;
    if (this.pending === 0) for (const resolve of this.waiting.splice(0)) resolve();
  }

  dropped(index: number): void {
    this.origins.delete(FIRST_GENERATED_SLOT + index);
  }

  droppedAll(): void {
    this.origins.clear();
  }

  /** Resolves when no module is being compiled. */
  settled(): Promise<void> {
    return this.pending === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  capture(): CodeCapture {
    const slots = new Map<number, { callable: unknown; origin: Origin }>();
    for (const slot of this.occupiedSlots()) {
      const origin = this.origins.get(slot);
      if (origin === undefined) throw new Error(`The code in slot ${slot} is not known`);
      slots.set(slot, { callable: this.table?.get(slot), origin });
    }
    return new CodeCapture(slots);
  }

  /** Puts a merged module's functions into the table. They are all that was not there before, or comes in its place. */
  async restore(module: WebAssembly.Module, bytes: () => Promise<Uint8Array>): Promise<void> {
    const before = new Map(this.occupiedSlots().map((slot) => [slot, this.table?.get(slot)]));
    await WebAssembly.instantiate(module, { e: this.imports });
    const source = new MergedSource(bytes);
    this.firstSource ??= source;
    for (const slot of this.occupiedSlots()) {
      if (this.table?.get(slot) !== before.get(slot)) this.origins.set(slot, { kind: "merged", source });
    }
  }

  /** Empties all other slots. */
  retain(slots: ReadonlySet<number>): void {
    for (const slot of this.occupiedSlots()) {
      if (slots.has(slot)) continue;
      this.table?.set(slot, null);
      this.origins.delete(slot);
    }
  }

  get snapshotSource(): MergedSource | undefined {
    return this.firstSource;
  }

  /** Makes the table what it was. The functions are this emulator's own. */
  putBack(capture: CodeCapture): void {
    const { table } = this;
    if (table === undefined) return;
    for (const slot of this.occupiedSlots()) if (!capture.slots.has(slot)) table.set(slot, null);
    this.origins.clear();
    for (const [slot, { callable, origin }] of capture.slots) {
      table.set(slot, callable);
      this.origins.set(slot, origin);
    }
  }

  get size(): number {
    return this.origins.size;
  }

  private occupiedSlots(): number[] {
    const slots: number[] = [];
    const { table } = this;
    if (table === undefined) return slots;
    for (let slot = FIRST_GENERATED_SLOT; slot < table.length; slot++) if (table.get(slot) !== null) slots.push(slot);
    return slots;
  }
}
