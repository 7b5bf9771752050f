import { expect, it } from "vitest";
import { collectBytes } from "./bytes.ts";
import { decompressAny } from "./compression.ts";
import { readTar } from "./tar-reader.ts";

/** A tar with a file "a", by xz 5.4. */
const packed = Uint8Array.from(
  atob(
    "/Td6WFoAAAFpIt42AgAhARwAAAAQz1jM4Cf/AGJdADCAM1AYaImDAdzibiD+BNYP26y+mQT4fH1UhdQaguWm5KnYKJl/L7ab+hhsURZF0fyxaI3cjqp1rZYaG2Q8iKnl+WdP/k101X/Nad4BR6BrMoH595Oy79f2HTepcFDsaFcAAAAAybgyEAABeoBQAAAASkUHEz4wDYsCAAAAAAFZWg==",
  ),
  (char) => char.charCodeAt(0),
);
const unpack = (bytes: Uint8Array<ArrayBuffer>) => decompressAny(new Blob([bytes]).stream());

it("is read, one archive after another, though one was left unread and one was broken", async () => {
  await unpack(packed);
  await expect(unpack(packed.slice(0, 100))).rejects.toThrow("xz: the input is cut off or no xz");
  const files: string[] = [];
  for await (const { entry, body } of readTar(await unpack(packed)))
    files.push(`${entry.name}: ${new TextDecoder().decode(await collectBytes(body))}`);
  expect(files).toEqual(["a: hello hello hello\n"]);
});
