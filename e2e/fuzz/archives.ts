/** Archives, wherever clients send some: taken or refused in words; what was taken is read to its end, and is where it belongs. */

import * as fc from "fast-check";
import type { ApiResponse } from "../../worker/api/transport.ts";
import { streamOfBytes } from "../../worker/engine/bytes.ts";
import { archives, contexts, imageArchives } from "./inputs/archives.ts";
import type { Playground } from "./playground.ts";
import { property } from "./property.ts";
import { must, mustSpeak } from "./words.ts";

/** Status and all words of an answer, those of its stream included. */
async function said(response: ApiResponse): Promise<string> {
  const { status, body } = response;
  if (body.kind === "json") return `${status} ${JSON.stringify(body.value)}`;
  if (body.kind === "text") return `${status} ${body.text}`;
  if (body.kind !== "jsonLines") return `${status}`;
  const lines: string[] = [];
  for await (const value of body.values) lines.push(JSON.stringify(value));
  return `${status} ${lines.join("\n")}`;
}

async function upload(
  { engine }: Playground,
  method: "POST" | "PUT",
  path: string,
  archive: Uint8Array,
): Promise<string> {
  const words = await said(
    await engine.api.request({
      method,
      path,
      headers: { "content-type": "application/x-tar" },
      body: { kind: "stream", stream: streamOfBytes(archive) },
    }),
  );
  mustSpeak(words, new TextDecoder("latin1").decode(archive));
  must(!words.startsWith("5") || /"message":"[^"]+/.test(words), `a failure without a message: ${words.slice(0, 200)}`);
  return words;
}

/** A container of the image: made, read as a whole archive, removed. */
async function readWhole(playground: Playground, image: string): Promise<void> {
  const { status, body } = await playground.ask("POST", "/containers/create", { Image: image, Cmd: ["/a"] });
  if (status !== 201 || body.kind !== "json") return;
  const { Id } = body.value as { readonly Id: string };
  try {
    for (const path of [`/containers/${Id}/archive?path=/`, `/containers/${Id}/export`]) {
      const { body: files } = await playground.ask("GET", path);
      if (files.kind === "stream") for await (const _ of files.stream as unknown as AsyncIterable<Uint8Array>);
    }
    mustSpeak(await said(await playground.ask("POST", `/containers/${Id}/start`)), image);
  } finally {
    await playground.ask("DELETE", `/containers/${Id}?force=1`);
  }
}

const latin1 = (bytes: Uint8Array): string =>
  JSON.stringify(new TextDecoder("latin1").decode(bytes).replaceAll("\0", "·").replace(/·{3,}/g, "…"));

const imports = property({
  name: "imports",
  inputs: archives,
  async holds(archive, playground) {
    const words = await upload(playground, "POST", "/images/create?fromSrc=-&repo=imported", archive);
    const image = /"status":"(sha256:[0-9a-f]{64})"/.exec(words)?.[1];
    if (image === undefined) return;
    await readWhole(playground, image);
    await playground.ask("DELETE", `/images/${image}?force=1`);
  },
  show: latin1,
});

const loads = property({
  name: "loads",
  inputs: imageArchives,
  async holds(archive, playground) {
    const words = await upload(playground, "POST", "/images/load", archive);
    for (const [, image = ""] of words.matchAll(/Loaded image(?: ID)?: ([\w:./-]+)/g)) {
      mustSpeak(await said(await playground.ask("GET", `/images/${image}/json`)), latin1(archive));
      await readWhole(playground, image);
      if (!image.startsWith("busybox")) await playground.ask("DELETE", `/images/${image}?force=1`);
    }
    mustSpeak(await said(await playground.ask("GET", "/images/json?all=1")), latin1(archive));
  },
  show: latin1,
});

/** A container stays in one, whatever comes into it; a later input finds what an earlier one has left. */
const copies = property({
  name: "copies",
  inputs: fc.record({
    archive: archives,
    container: fc.constantFrom("web", "idle"),
    path: fc.constantFrom(
      "/tmp",
      "/tmp/x",
      "/",
      "/etc/..",
      "/proc",
      "/dev",
      "/sys/fs",
      "/nothing",
      "",
      "../..",
      "/tmp/loop",
      "/tmp/up",
    ),
    options: fc.constantFrom("", "&noOverwriteDirNonDir=1", "&copyUIDGID=1"),
  }),
  async holds({ archive, container, path, options }, playground) {
    const at = `/containers/${container}/archive?path=${encodeURIComponent(path)}`;
    await upload(playground, "PUT", `${at}${options}`, archive);
    const { status, body } = await playground.ask("GET", `/containers/${container}/archive?path=/tmp`);
    must(status === 200 || status === 404, `what was copied cannot be read: ${status}`);
    if (body.kind === "stream") for await (const _ of body.stream as unknown as AsyncIterable<Uint8Array>);
    mustSpeak(await said(await playground.ask("GET", `/containers/${container}/changes`)), latin1(archive));
  },
  show: ({ archive, ...rest }) => `${JSON.stringify(rest)} ${latin1(archive)}`,
});

const buildContexts = property({
  name: "contexts",
  inputs: contexts("FROM busybox\nCOPY . /x/\nCOPY a* /y\nRUN find /x > /list; ls -laR /x > /dev/null\n"),
  async holds(archive, playground) {
    const words = await upload(playground, "POST", "/build?version=1&q=1", archive);
    const image = /Successfully built (\w+)/.exec(words)?.[1];
    if (image !== undefined) await playground.ask("DELETE", `/images/${image}?force=1`);
  },
  show: latin1,
});

export const archiveProperties = [imports, loads, copies, buildContexts];
