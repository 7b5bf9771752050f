/** Checkpoints of a whole Drydock on the real machine: everything is as it was at the instant, and goes on from there. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capture } from "../../worker/cli/capture.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";
import type { CheckpointEvent } from "../../worker/protocol/index.ts";
import { Screen } from "./screen.ts";

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

  it("tells terminals in one line: the shell of then goes on, one that came later is a new one", async () => {
    const early = new Screen(await drydock.terminals.open({ rows: 24, columns: 80 }));
    await early.sees(/\$ $/);
    await early.type("cd /tmp; answer=42\n");
    await early.sees(/tmp\S*\$ $/);
    const attached = new Screen(await drydock.terminals.open({ rows: 24, columns: 80 }));
    await attached.sees(/\$ $/);
    await attached.type(
      "docker run --rm -it --name asking busybox sh -c 'echo asked; read answer; echo heard $answer; sleep 1000'\n",
    );
    await attached.sees(/asked\r\n/);
    const { id } = await drydock.checkpoints.take({ name: "with a shell" });
    await early.type("answer=43\n");
    await early.sees(/tmp\S*\$ $/);
    const later = new Screen(await drydock.terminals.open({ rows: 24, columns: 80 }));
    await later.sees(/\$ $/);
    await later.type("docker logs -f counter\n");
    await later.sees(/count \d+/);
    await drydock.checkpoints.rewind(id);
    await early.sees(/The machine was put back to "with a shell"/);
    await early.type("echo it is $answer\n");
    await early.sees(/it is 42\r\n/);
    await later.sees(/The machine was put back to "with a shell"[\s\S]*\$ $/);
    await later.type("docker ps -q | wc -l\n");
    await later.sees(/\r3\r\n/);
    await attached.sees(/this command has ended\.[\s\S]*\$ $/);
    await attached.type("docker attach asking\n");
    await attached.type("me\n");
    await attached.sees(/heard me\r\n/);
    await output("rm", "-f", "asking");
    await drydock.checkpoints.forget(id);
  });

  it("is put back while containers write, and its requests of before end", async () => {
    await output(
      "run",
      "-d",
      "--name",
      "writer",
      "-v",
      "data:/data",
      "busybox",
      "sh",
      "-c",
      "while :; do dd if=/dev/urandom of=/data/big bs=64k count=20 2>/dev/null; cp /data/big /big; sync; done",
    );
    await until(async () => (await docker("exec", "writer", "test", "-s", "/big")).code === 0);
    const { id } = await drydock.checkpoints.take({ name: "writing" });
    for (let round = 0; round < 3; round++) {
      const followed = docker("logs", "-f", "counter");
      await output("run", "--rm", "busybox", "true");
      await drydock.checkpoints.rewind(id);
      expect((await followed).code).not.toBe(0);
    }
    expect(await output("exec", "writer", "sh", "-c", "test -s /big && echo written")).toBe("written");
    await output("rm", "-f", "writer");
    await drydock.checkpoints.forget(id);
  });

  it("is not captured while an image is built, and gives a build up when it goes back", async () => {
    write("slow/Dockerfile", "FROM busybox\nRUN sleep 30 && touch /never\n");
    const screen = new Screen(await drydock.terminals.open({ rows: 24, columns: 100 }));
    await screen.sees(/\$ $/);
    await screen.type("docker build --progress plain -t slow slow\n");
    await screen.sees(/RUN sleep 30/);
    await expect(drydock.checkpoints.take({ name: "in a build" })).rejects.toThrow("An image is being built");
    await drydock.checkpoints.rewind(second);
    expect(await output("images", "-q", "slow")).toBe("");
    expect(await output("run", "--rm", "busybox", "echo", "still")).toBe("still");
  });

  it("gives automatic checkpoints up first when memory runs short", async () => {
    const small = await openDrydock({ checkpointMemory: 1 });
    try {
      const automatic = await small.checkpoints.take({ name: "first", automatic: true });
      const kept = await small.checkpoints.take({ name: "kept" });
      expect(small.checkpoints.list().map(({ id }) => id)).toEqual([kept.id]);
      await expect(small.checkpoints.rewind(automatic.id)).rejects.toThrow("No such checkpoint");
      await expect(small.checkpoints.take({ name: "one more" })).rejects.toThrow("no memory for one more");
      expect(small.checkpoints.list().map(({ id }) => id)).toEqual([kept.id]);
    } finally {
      await small.close();
    }
  });

  it("is opened from a file in another Drydock, where all of it runs on; what is no such file changes nothing", async () => {
    await say("exported");
    const { id } = await drydock.checkpoints.take({ name: "to take along" });
    const file = new Uint8Array(
      await new Response(
        (await drydock.checkpoints.export(id)) as ReadableStream<Uint8Array<ArrayBuffer>>,
      ).arrayBuffer(),
    );
    await drydock.close();
    drydock = await openDrydock({ from: { kind: "file", content: new Blob([file]).stream() } });
    expect(drydock.origin).toBe("checkpoint");
    await expectWord("exported");
    const now = await counted();
    await until(async () => (await counted()) > now + 3);
    expect(await output("run", "--rm", "--network", "crew", "busybox", "ping", "-c1", "counter")).toContain(
      "1 packets received",
    );
    const other = openDrydock({ from: { kind: "file", content: new Blob(["no checkpoint"]).stream() } });
    await expect(other).rejects.toThrow("This file is no checkpoint.");
  });
});

describe("a checkpoint in the playground's storage", () => {
  it("starts a new machine after the old one was lost", async () => {
    const state = mkdtempSync(join(tmpdir(), "drydock-stored-"));
    let machine = await openDrydock({ state });
    const run = async (...args: readonly string[]) =>
      (await capture((invocation) => machine.docker(invocation), args)).stdout.trim();
    try {
      machine.workspace.writeFile("note.txt", new TextEncoder().encode("kept"));
      await run(
        "run",
        "-d",
        "--name",
        "sleeper",
        "-v",
        "vol:/data",
        "busybox",
        "sh",
        "-c",
        "echo kept > /data/f; sleep 1000",
      );
      await machine.checkpoints.take({ name: "older", automatic: true, store: true });
      const { id } = await machine.checkpoints.take({ name: "stored", automatic: true, store: true });
      expect(
        machine.checkpoints
          .list()
          .filter(({ stored }) => stored)
          .map((info) => info.id),
      ).toEqual([id]);
      await run("rm", "-f", "-v", "sleeper");
      await run("volume", "rm", "vol");
      await run("rmi", "busybox");
      machine.workspace.writeFile("note.txt", new TextEncoder().encode("changed"));
      await machine.close();

      const wrong = openDrydock({ state, from: { kind: "stored", id: "none" } });
      await expect(wrong).rejects.toThrow("No such checkpoint");
      machine = await openDrydock({ state, from: { kind: "stored", id } });
      expect(machine.checkpoints.list().map((info) => info.id)).toEqual([id]);
      expect(await run("ps", "--format", "{{.Names}} {{.State}}")).toBe("sleeper running");
      expect(await run("exec", "sleeper", "cat", "/data/f")).toBe("kept");
      expect(await run("run", "--rm", "-v", "/home/learner/site:/site", "busybox", "cat", "/site/note.txt")).toBe(
        "kept",
      );
      const next = await machine.checkpoints.take({ name: "next" });
      expect(next.parent).toBe(id);
      await expect(machine.checkpoints.rewind(id)).rejects.toThrow("in storage alone");
    } finally {
      await machine.close();
      rmSync(state, { recursive: true, force: true });
    }
  });
});
