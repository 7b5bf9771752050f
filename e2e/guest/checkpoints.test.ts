/** Checkpoints of a whole Drydock on the real machine: everything is as it was at the instant, and goes on from there. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capture } from "../../worker/cli/capture.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";
import type { CheckpointEvent } from "../../worker/protocol/index.ts";

let drydock: Drydock;
beforeAll(async () => {
  drydock = await openDrydock();
});
afterAll(() => drydock.close());

const docker = (...args: readonly string[]) => capture((invocation) => drydock.docker(invocation), args);
const output = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.trim();
};
const write = (path: string, text: string) => drydock.workspace.writeFile(path, new TextEncoder().encode(text));
const counted = async (): Promise<number> => Number((await output("logs", "--tail", "1", "counter")).split(" ")[1]);
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  const deadline = AbortSignal.timeout(60_000);
  while (!(await holds())) {
    if (deadline.aborted) throw new Error(`this never held: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
/** What the page would see of the published port. */
const fetched = async (): Promise<string> => {
  const { readable, writable } = await drydock.guest.connect({ kind: "tcp", host: "127.0.0.1", port: 8080 });
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
  const text = await new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).text();
  return text.split("\r\n\r\n")[1]?.trim() ?? "";
};
const setPage = (text: string) => output("exec", "web", "sh", "-c", `echo ${text} > /www/index.html`);
const states = async () => (await output("ps", "-a", "--format", "{{.Names}} {{.State}}")).split("\n").sort();

/** All that differs between the instants, said in one word everywhere. */
async function say(word: string): Promise<void> {
  write("note.txt", word);
  await setPage(word);
  await output("exec", "counter", "sh", "-c", `echo ${word} > /data/word; echo ${word} > /word`);
}
async function expectWord(word: string): Promise<void> {
  expect(await output("run", "--rm", "-v", "/home/learner/site:/site", "busybox", "cat", "/site/note.txt")).toBe(word);
  const note = drydock.workspace.find("note.txt");
  expect(note && new TextDecoder().decode(drydock.workspace.read(note, 0, 100))).toBe(word);
  expect(await output("exec", "counter", "cat", "/data/word", "/word")).toBe(`${word}\n${word}`);
  expect(await fetched()).toBe(word);
}

describe("a machine that is put back to a checkpoint", () => {
  const pids = new Map<string, string>();
  let first = "";
  let second = "";
  const events: CheckpointEvent[] = [];

  it("runs on with the containers of then: counters, files, volumes, the workspace, names, published ports", async () => {
    drydock.checkpoints.subscribe((event) => events.push(event));
    await output("network", "create", "crew");
    const loop = "i=0; while :; do echo count $i; i=$((i+1)); sleep 0.05; done";
    await output(
      "run",
      "-d",
      "--name",
      "counter",
      "--network",
      "crew",
      "-v",
      "data:/data",
      "busybox",
      "sh",
      "-c",
      loop,
    );
    const serve = "mkdir /www; httpd -f -h /www";
    await output("run", "-d", "--name", "web", "-p", "8080:80", "busybox", "sh", "-c", serve);
    await output("run", "-d", "--name", "paused", "busybox", "sleep", "1000");
    await output("pause", "paused");
    await until(async () => (await counted()) > 3);
    await say("one");
    for (const name of ["counter", "web"]) pids.set(name, await output("inspect", "-f", "{{.State.Pid}}", name));
    const before = await counted();
    first = (await drydock.checkpoints.take({ name: "one" })).id;

    await until(async () => (await counted()) > before + 50);
    await say("two");
    await output("rm", "-f", "paused");
    await output("run", "-d", "--name", "later", "busybox", "sleep", "1000");
    const past = await counted();
    await drydock.checkpoints.rewind(first);

    expect(await counted()).toBeLessThan(past);
    expect(await states()).toEqual(["counter running", "paused paused", "web running"]);
    for (const [name, pid] of pids) expect(await output("inspect", "-f", "{{.State.Pid}}", name)).toBe(pid);
    await expectWord("one");
    const now = await counted();
    await until(async () => (await counted()) > now + 3);
    await output("unpause", "paused");
    expect(await output("run", "--rm", "--network", "crew", "busybox", "ping", "-c1", "counter")).toContain(
      "1 packets received",
    );
    expect(await output("run", "--rm", "busybox", "echo", "new")).toBe("new");
    const date = Number(await output("run", "--rm", "busybox", "date", "+%s"));
    expect(Math.abs(date - Date.now() / 1000)).toBeLessThan(3);
  });

  it("goes forward again to a later checkpoint, and back", async () => {
    await say("three");
    await output("rm", "-f", "paused");
    second = (await drydock.checkpoints.take({ name: "three", automatic: true })).id;
    expect(drydock.checkpoints.list().find(({ id }) => id === second)?.parent).toBe(first);
    await say("four");
    await output("rm", "-f", "web");
    await drydock.checkpoints.rewind(first);
    await expectWord("one");
    expect(await states()).toEqual(["counter running", "paused paused", "web running"]);
    await drydock.checkpoints.rewind(second);
    await expectWord("three");
    expect(await states()).toEqual(["counter running", "web running"]);
    expect(events.map(({ kind }) => kind)).toEqual(["taken", "rewound", "taken", "rewound", "rewound"]);
    // Ends are seen: the adopted process is the container's.
    await output("kill", "counter");
    expect(await output("wait", "counter")).toBe("137");
    await output("start", "counter");
  });
});
