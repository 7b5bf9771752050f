/** Debian packages made in memory, for tests. */

import { gzipSync } from "node:zlib";
import { packTar, type TarEntry } from "modern-tar";

function arMember(name: string, data: Uint8Array): Uint8Array {
  const header = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(data.length).padEnd(10)}\`\n`;
  return Buffer.concat([Buffer.from(header, "latin1"), data, Buffer.alloc(data.length % 2, "\n")]);
}

export const makeAr = (members: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  Buffer.concat([Buffer.from("!<arch>\n"), ...Object.entries(members).map(([name, data]) => arMember(name, data))]);

export async function makeDeb(
  control: string,
  data: readonly TarEntry[],
  scripts: Record<string, string> = {},
): Promise<Uint8Array> {
  const file = (name: string, body: string): TarEntry => ({ header: { name: `./${name}`, size: body.length }, body });
  const controlTar = await packTar([file("control", control), ...Object.entries(scripts).map(([n, b]) => file(n, b))]);
  return makeAr({
    "debian-binary": Buffer.from("2.0\n"),
    "control.tar.gz": gzipSync(controlTar),
    "data.tar.gz": gzipSync(await packTar(data)),
  });
}

/** A stanza of a Packages file. */
export const packageStanza = (fields: Readonly<Record<string, string>>): string => {
  const name = fields.Package ?? "";
  const all = { Version: "1", Filename: `pool/main/${name}.deb`, Size: "1", SHA256: "0".repeat(64), ...fields };
  return Object.entries({ Package: name, ...all })
    .map(([key, value]) => `${key}: ${value}`)
    .join("\n");
};
