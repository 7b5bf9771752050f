import { describe, expect, it } from "vitest";
import { mergeFunctions, parseGenerated, splitModule } from "./code-module.ts";
import { nameBytes, unsignedLeb } from "./wasm-binary.ts";

const I32 = 0x7f;

/** A module as the emulator generates it: types () → () and (i32) → (); memory and functions from "e"; one function "f". */
function generated(imports: readonly string[], instructions: readonly number[]): Uint8Array {
  const section = (id: number, content: readonly number[]) => [id, ...unsignedLeb(content.length), ...content];
  const body = [0, ...instructions, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 0, 0, 0x60, 1, I32, 0]),
    ...section(2, [
      ...unsignedLeb(imports.length + 1),
      ...imports.flatMap((name) => [...nameBytes("e"), ...nameBytes(name), 0, 1]),
      ...[...nameBytes("e"), ...nameBytes("m"), 2, 0, 1],
    ]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...nameBytes("f"), 0, ...unsignedLeb(imports.length)]),
    ...section(10, [1, ...unsignedLeb(body.length), ...body]),
  ]);
}

/** Tells the import at `index` the number `value`. */
const tell = (index: number, value: number) => [0x41, value, 0x10, index];

async function run(module: Uint8Array<ArrayBuffer>, slots: readonly number[]): Promise<string[]> {
  const said: string[] = [];
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 1100 });
  const say = (name: string) => (value: number) => void said.push(`${name} ${value}`);
  const memory = new WebAssembly.Memory({ initial: 1 });
  await WebAssembly.instantiate(module, { e: { m: memory, t: table, a: say("a"), b: say("b"), c: say("c") } });
  for (const slot of slots) (table.get(slot) as () => void)();
  return said;
}

describe("generated modules", () => {
  const first = generated(["a", "b"], [...tell(0, 1), ...tell(1, 2)]);
  const second = generated(["c", "a"], [...tell(0, 3), ...tell(1, 4)]);

  it("merge into one that puts each function into its slot and calls what the function called", async () => {
    const merged = mergeFunctions(
      new Map([
        [1099, parseGenerated(second)],
        [1024, parseGenerated(first)],
      ]),
    );
    expect(await run(merged, [1024, 1099])).toEqual(["a 1", "b 2", "c 3", "a 4"]);
  });

  it("come out of a merged module again, to be merged with others", async () => {
    const once = mergeFunctions(
      new Map([
        [1024, parseGenerated(first)],
        [1025, parseGenerated(second)],
      ]),
    );
    const parts = splitModule(once);
    parts.delete(1024);
    parts.set(1030, parseGenerated(first));
    expect(await run(mergeFunctions(parts), [1025, 1030])).toEqual(["c 3", "a 4", "a 1", "b 2"]);
  });

  it("keep bytes that look like calls but are constants", async () => {
    const tricky = generated(["b"], [0x42, 0x10, 0x1a, 0x44, 0x10, 0, 0x10, 0, 0x10, 0, 0x10, 0, 0x1a, ...tell(0, 9)]);
    const merged = mergeFunctions(
      new Map([
        [1024, parseGenerated(first)],
        [1025, parseGenerated(tricky)],
      ]),
    );
    expect(await run(merged, [1025])).toEqual(["b 9"]);
  });

  it("are many more imports than one byte can number", async () => {
    const names = Array.from({ length: 200 }, (_, index) => `x${index}`);
    const wide = mergeFunctions(
      new Map([
        [1024, parseGenerated(generated(names, []))],
        [1025, parseGenerated(generated(["b"], tell(0, 7)))],
      ]),
    );
    const said: number[] = [];
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 1100 });
    const nothing = Object.fromEntries(names.map((name) => [name, () => {}]));
    const e = {
      ...nothing,
      b: (value: number) => void said.push(value),
      t: table,
      m: new WebAssembly.Memory({ initial: 1 }),
    };
    await WebAssembly.instantiate(wide, { e });
    (table.get(1025) as () => void)();
    expect(said).toEqual([7]);
  });

  it("merge to a valid module when there are none", () => {
    expect(WebAssembly.validate(mergeFunctions(new Map()))).toBe(true);
  });
});
