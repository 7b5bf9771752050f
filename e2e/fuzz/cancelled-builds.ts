/** Builds that end before their time: whenever that is, the next one makes what a first one makes, and nothing of the other is left. */
import * as fc from "fast-check";
import { collectBytes, streamOfBytes } from "../../worker/engine/bytes.ts";
import { readTar } from "../../worker/engine/tar-reader.ts";
import { tarOf, textFile } from "../../worker/engine/testing/image-archives.ts";
import type { Playground } from "./playground.ts";
import { property } from "./property.ts";
import { must } from "./words.ts";

/** Two stages that need each other, and steps of every kind that leave something. */
const dockerfile = (run: (command: string) => string): string =>
  [
    "FROM busybox AS one",
    "COPY a /log",
    run("echo one >> /log"),
    "FROM busybox",
    "WORKDIR /w",
    "COPY --from=one /log /w/log",
    run("echo two >> log"),
    "COPY b /w/b",
  ].join("\n");

async function* lines(playground: Playground, text: string, signal: AbortSignal): AsyncGenerator<string> {
  const context = await tarOf([textFile("Dockerfile", text), textFile("a", "A\n"), textFile("b", "B\n")]);
  const { status, body } = await playground.engine.api.request({
    method: "POST",
    path: "/build?version=1&t=cancelled&buildargs={%22SOURCE_DATE_EPOCH%22:%221%22}",
    headers: { "content-type": "application/x-tar" },
    body: { kind: "stream", stream: streamOfBytes(context) },
    signal,
  });
  must(status === 200 && body.kind === "jsonLines", `status ${status}`);
  for await (const value of body.values) yield JSON.stringify(value);
}

/** What the image has of the build's files; without a machine, its layers. */
async function built(playground: Playground): Promise<string> {
  if (!playground.engine.isReal) {
    const { body } = await playground.ask("GET", "/images/cancelled/json");
    return JSON.stringify((body as { readonly value: { readonly RootFS: unknown } }).value.RootFS);
  }
  const { body } = await playground.ask("POST", "/containers/create", { Image: "cancelled", Cmd: ["x"] });
  const { Id } = (body as { readonly value: { readonly Id: string } }).value;
  const { body: files } = await playground.ask("GET", `/containers/${Id}/archive?path=/w`);
  must(files.kind === "stream", "the image cannot be read");
  const found: string[] = [];
  for await (const { entry, body: content } of readTar(files.stream))
    if (entry.type === "file") found.push(`${entry.name}=${new TextDecoder().decode(await collectBytes(content))}`);
  await playground.ask("DELETE", `/containers/${Id}?force=1`);
  return found.sort().join();
}

/** What the first one made that nobody cancelled. */
const first = new WeakMap<Playground, string>();

export const cancelledBuildsProperty = property({
  name: "cancelled-builds",
  inputs: fc.record({ moments: fc.array(fc.nat(30), { minLength: 1, maxLength: 3 }), prunes: fc.boolean() }),
  async holds({ moments, prunes }, playground) {
    const { isReal } = playground.engine;
    const text = dockerfile((command) => (isReal ? `RUN ${command}` : "ENV A=b"));
    const build = async (): Promise<string> => {
      const said: string[] = [];
      for await (const line of lines(playground, text, new AbortController().signal)) said.push(line);
      must(said.join().includes("Successfully built"), `the next build fails: ${said.at(-1)}`);
      const found = await built(playground);
      await playground.ask("DELETE", "/images/cancelled?force=1");
      return found;
    };
    if (!first.has(playground)) first.set(playground, await build());
    if (prunes) await playground.ask("POST", "/build/prune?all=1");
    for (const moment of moments) {
      const cancel = new AbortController();
      let at = 0;
      if (moment === 0) cancel.abort();
      try {
        for await (const _ of lines(playground, text, cancel.signal)) if (++at === moment) cancel.abort();
      } catch (error) {
        if (!cancel.signal.aborted) throw error;
      }
      await playground.engine.idle();
    }
    const found = await build();
    must(found === first.get(playground), `the next build makes ${JSON.stringify(found)}`);
    await playground.engine.idle();
    const [left] = await playground.engine.guest.batch([
      { op: "list", path: "/run/drydock/build", ignore: ["ENOENT"] },
    ]);
    must(!Array.isArray(left) || left.length === 0, `left in the machine: ${JSON.stringify(left)}`);
  },
});
