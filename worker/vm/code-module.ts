/**
 * The emulator generates one module for each piece of guest code: a function "f", importing from "e" the memory "m" and
 * functions of the emulator. {@link mergeFunctions} puts many of them into one module that fills the emulator's table by
 * itself when it is instantiated; {@link splitModule} takes such a module apart again, so that a restored machine can be
 * saved in its turn.
 */

import { eachCall, nameBytes, signedLeb, unsignedLeb, WasmReader } from "./wasm-binary.ts";

interface FunctionImport {
  readonly name: string;
  readonly type: number;
}

/** What all functions of one module share. The emulator writes the same types and memory into each. */
interface ModuleFrame {
  /** Contents of the type section. */
  readonly types: Uint8Array;
  readonly imports: readonly FunctionImport[];
  /** The memory import's limits. */
  readonly memory: Uint8Array;
}

/** One generated function, position-independent: its body refers to its own frame's imports. */
export interface GeneratedFunction {
  readonly frame: ModuleFrame;
  readonly type: number;
  readonly body: Uint8Array;
}

const SECTION = { type: 1, import: 2, function: 3, element: 9, code: 10 } as const;
const IMPORT_NAMESPACE = "e";
const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** The function of a module as the emulator generates it. */
export function parseGenerated(module: Uint8Array): GeneratedFunction {
  const parsed = parse(module);
  const [body] = parsed.bodies;
  const [type] = parsed.functionTypes;
  if (body === undefined || type === undefined || parsed.bodies.length !== 1) {
    throw new Error("A generated module has one function");
  }
  return { frame: parsed.frame, type, body };
}

/** The functions of a merged module by table slot. */
export function splitModule(module: Uint8Array): Map<number, GeneratedFunction> {
  const { frame, slots, functionTypes, bodies } = parse(module);
  const functions = new Map<number, GeneratedFunction>();
  slots.forEach((slot, index) => {
    const type = functionTypes[index];
    const body = bodies[index];
    if (type !== undefined && body !== undefined) functions.set(slot, { frame, type, body });
  });
  return functions;
}

/** One module with all the functions; imports "e"."m" (memory), "e"."t" (table) and the functions that any of them needs. */
export function mergeFunctions(functions: ReadonlyMap<number, GeneratedFunction>): Uint8Array<ArrayBuffer> {
  const ordered = [...functions].sort(([a], [b]) => a - b);
  const imports: FunctionImport[] = [];
  const indexByName = new Map<string, number>();
  let frame: ModuleFrame | undefined;
  for (const [, { frame: own }] of ordered) {
    frame ??= own;
    if (!sameBytes(frame.types, own.types)) throw new Error("Generated modules differ in their types");
    for (const entry of own.imports) {
      if (indexByName.has(entry.name)) continue;
      indexByName.set(entry.name, imports.length);
      imports.push(entry);
    }
  }
  const bodies = ordered.map(([, { frame: own, body }]) =>
    renumberCalls(body, (index) => {
      const name = own.imports[index]?.name;
      const merged = name === undefined ? undefined : indexByName.get(name);
      if (merged === undefined) throw new Error("A generated function calls a function that is no import");
      return merged;
    }),
  );

  const importSection = [
    ...unsignedLeb(imports.length + (frame === undefined ? 1 : 2)),
    ...imports.flatMap(({ name, type }) => [
      ...nameBytes(IMPORT_NAMESPACE),
      ...nameBytes(name),
      0,
      ...unsignedLeb(type),
    ]),
    ...(frame === undefined ? [] : [...nameBytes(IMPORT_NAMESPACE), ...nameBytes("m"), 2, ...frame.memory]),
    ...[...nameBytes(IMPORT_NAMESPACE), ...nameBytes("t"), 1, 0x70, 0, 0],
  ];
  const elements = ordered.flatMap(([slot], index) => [
    ...[0, 0x41, ...signedLeb(slot), 0x0b, 1, ...unsignedLeb(imports.length + index)],
  ]);
  const count = unsignedLeb(ordered.length);
  return concat([
    Uint8Array.from(MAGIC),
    section(SECTION.type, [frame?.types ?? Uint8Array.of(0)]),
    section(SECTION.import, [Uint8Array.from(importSection)]),
    section(SECTION.function, [Uint8Array.from([...count, ...ordered.flatMap(([, { type }]) => unsignedLeb(type))])]),
    section(SECTION.element, [Uint8Array.from([...count, ...elements])]),
    section(SECTION.code, [
      Uint8Array.from(count),
      ...bodies.flatMap((body) => [Uint8Array.from(unsignedLeb(body.length)), body]),
    ]),
  ]);
}

interface ParsedModule {
  readonly frame: ModuleFrame;
  readonly functionTypes: readonly number[];
  readonly bodies: readonly Uint8Array[];
  readonly slots: readonly number[];
}

function parse(module: Uint8Array): ParsedModule {
  const reader = new WasmReader(module);
  if (!sameBytes(reader.take(MAGIC.length), Uint8Array.from(MAGIC))) throw new Error("Not a WebAssembly module");
  let types = Uint8Array.of(0);
  let memory: Uint8Array = new Uint8Array();
  const imports: FunctionImport[] = [];
  const functionTypes: number[] = [];
  const bodies: Uint8Array[] = [];
  const slots: number[] = [];
  while (!reader.done) {
    const id = reader.byte();
    const content = reader.take(reader.u32());
    const inner = new WasmReader(content);
    switch (id) {
      case SECTION.type:
        types = content.slice();
        break;
      case SECTION.import:
        for (let left = inner.u32(); left > 0; left--) {
          inner.name();
          const name = inner.name();
          const kind = inner.byte();
          if (kind === 0) imports.push({ name, type: inner.u32() });
          else {
            if (kind === 1) inner.byte();
            const limits = readLimits(inner);
            if (kind === 2) memory = limits;
          }
        }
        break;
      case SECTION.function:
        for (let left = inner.u32(); left > 0; left--) functionTypes.push(inner.u32());
        break;
      case SECTION.element:
        for (let left = inner.u32(); left > 0; left--) {
          inner.take(2);
          slots.push(inner.u32());
          inner.byte();
          inner.u32();
          inner.u32();
        }
        break;
      case SECTION.code:
        for (let left = inner.u32(); left > 0; left--) bodies.push(inner.take(inner.u32()));
        break;
    }
  }
  return { frame: { types, imports, memory }, functionTypes, bodies, slots };
}

function readLimits(reader: WasmReader): Uint8Array {
  const start = reader.at;
  const flags = reader.u32();
  reader.u32();
  if ((flags & 1) !== 0) reader.u32();
  return reader.bytes.slice(start, reader.at);
}

function renumberCalls(body: Uint8Array, renumber: (index: number) => number): Uint8Array {
  const parts: Uint8Array[] = [];
  let copied = 0;
  eachCall(body, (offset, length, index) => {
    parts.push(body.subarray(copied, offset), Uint8Array.from(unsignedLeb(renumber(index))));
    copied = offset + length;
  });
  parts.push(body.subarray(copied));
  return concat(parts);
}

function section(id: number, parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return concat([Uint8Array.from([id, ...unsignedLeb(size)]), ...parts]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
