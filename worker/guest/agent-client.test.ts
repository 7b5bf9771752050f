import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GuestError } from "../engine/ports/guest.ts";
import { AgentClient } from "./agent-client.ts";
import { LINK_CHUNK, LINK_WINDOW } from "./link.ts";
import { guestFrames, WINDOW_IN, WINDOW_OUT } from "./protocol.ts";
import { ScriptedAgent } from "./testing/scripted-agent.ts";
import { WireWriter } from "./wire.ts";

const renewal = { now: 1_700_000_000_123, entropy: new Uint8Array(64) };
const spec = { args: ["x"], env: [], cwd: "/", user: "" };
const pid = (number: number) => new WireWriter().u32(number).bytes();

async function connected(): Promise<{ agent: ScriptedAgent; client: AgentClient }> {
  const agent = new ScriptedAgent();
  agent.onFrame = ({ kind, id }) => {
    if (kind === "hello") agent.send("result", id, pid(1));
    if (kind === "spawn") agent.send("result", id, pid(77));
  };
  const client = new AgentClient(agent.link);
  await client.renew(renewal, { fresh: true });
  return { agent, client };
}

describe("the link", () => {
  test("never has more writes outstanding than the guest has buffers for", async () => {
    const { agent, client } = await connected();
    agent.reading = false;
    const before = agent.writes.length;
    const batch = client.batch([{ op: "write", path: "/f", data: new Uint8Array(20 * LINK_CHUNK) }]);
    expect(agent.writes.length - before).toBe(LINK_WINDOW);
    expect(Math.max(...agent.writes)).toBeLessThanOrEqual(LINK_CHUNK);
    agent.onFrame = ({ kind, id }) => {
      if (kind === "batch") agent.send("result", id, new WireWriter().u8(0).bytes());
    };
    agent.read();
    agent.send("ack", 0);
    expect(await batch).toEqual([undefined]);
  });

  test("learns from the first answer where an agent of before counts", async () => {
    const agent = new ScriptedAgent();
    agent.received = 0xfffffff0;
    agent.onFrame = ({ kind, id }) => {
      if (kind === "hello") agent.send("result", id, pid(1));
      if (kind === "batch") agent.send("result", id, new WireWriter().u8(0).bytes());
    };
    const client = new AgentClient(agent.link);
    agent.send("ready", 0, pid(1));
    await client.renew(renewal, { fresh: true });
    for (let i = 0; i < 3 * LINK_WINDOW; i++) await client.batch([{ op: "sync" }]);
    expect(agent.framesOf("batch").length).toBe(3 * LINK_WINDOW);
  });

  test("an agent of another protocol is refused", async () => {
    const agent = new ScriptedAgent();
    agent.onFrame = ({ id }) => agent.send("result", id, pid(999));
    await expect(new AgentClient(agent.link).renew(renewal, { fresh: true })).rejects.toMatchObject({
      stage: "channel",
    });
  });
});

describe("streams", () => {
  test("output waits in the guest when nobody reads here", async () => {
    const { agent, client } = await connected();
    const process = await client.spawn({ ...spec, stdio: { kind: "pipes", stdin: false } });
    const id = agent.framesOf("spawn")[0]?.id ?? 0;
    for (let sent = 0; sent < WINDOW_IN; sent += 32768) agent.send("guestData", id + 2, new Uint8Array(32768));
    await Promise.resolve();
    expect(agent.framesOf("credit")).toEqual([]);
    const reader = process.stdout?.getReader();
    for (let i = 0; i < 4; i++) await reader?.read();
    await new Promise((resolve) => setTimeout(resolve));
    expect(agent.framesOf("credit").length).toBe(1);
  });

  test("input waits here when the guest has no room", async () => {
    const { agent, client } = await connected();
    const process = await client.spawn({ ...spec, stdio: { kind: "pipes", stdin: true } });
    const id = agent.framesOf("spawn")[0]?.id ?? 0;
    const writer = process.stdin?.getWriter();
    const written = writer?.write(new Uint8Array(WINDOW_OUT + 5));
    agent.send("ack", 0);
    await new Promise((resolve) => setTimeout(resolve));
    agent.send("ack", 0);
    const sent = () => agent.framesOf("data").reduce((sum, { payload }) => sum + payload.length, 0);
    expect(sent()).toBe(WINDOW_OUT);
    agent.send("guestCredit", id + 1, new WireWriter().u32(WINDOW_OUT / 2).bytes());
    await written;
    expect(sent()).toBe(WINDOW_OUT + 5);
  });

  test("an exit and output in the same bytes as the answer are not lost", async () => {
    const agent = new ScriptedAgent();
    const client = new AgentClient(agent.link);
    agent.onFrame = ({ kind, id }) => {
      if (kind === "hello") agent.send("result", id, pid(1));
      if (kind !== "spawn") return;
      agent.send("result", id, pid(5));
      agent.send("guestData", id + 2, new TextEncoder().encode("quick"));
      agent.send("guestEnd", id + 2);
      agent.send("guestEnd", id + 3);
      agent.send("exit", id, new WireWriter().u32(139).u32(11).bytes());
    };
    await client.renew(renewal, { fresh: true });
    const process = await client.spawn({ ...spec, stdio: { kind: "pipes", stdin: false } });
    expect(await process.exit).toEqual({ code: 139, signal: 11 });
    expect(await new Response(process.stdout).text()).toBe("quick");
  });
});

describe("a restored machine", () => {
  test("its processes go on where they were, with a new client", async () => {
    const { agent, client } = await connected();
    await client.spawn({ ...spec, stdio: { kind: "pipes", stdin: true } });
    const id = agent.framesOf("spawn")[0]?.id ?? 0;
    agent.send("guestData", id + 2, new Uint8Array(1000));
    const state = structuredClone(client.exportState());
    client.dispose();
    const restored = AgentClient.fromState(agent.link, state);
    const process = restored.adopted(77);
    agent.send("guestData", id + 2, new TextEncoder().encode("after"));
    agent.send("guestEnd", id + 2);
    expect(await new Response(process?.stdout).text()).toBe(`${"\0".repeat(1000)}after`);
    const writer = process?.stdin?.getWriter();
    await writer?.write(new TextEncoder().encode("in"));
    expect(agent.framesOf("data").at(-1)).toMatchObject({ id: id + 1 });
    agent.send("exit", id, new WireWriter().u32(0).u32(0).bytes());
    expect(await process?.exit).toEqual({ code: 0 });
  });
});

describe("a guest that breaks the rules", () => {
  test("loses the channel, and every promise on it says so", async () => {
    const { agent, client } = await connected();
    const batch = client.batch([{ op: "sync" }]);
    const process = await client.spawn({ ...spec, stdio: { kind: "pipes", stdin: false } });
    agent.sendRaw(new WireWriter().u32(0xffffffff).u32(1).u32(1).u32(1).bytes());
    await expect(batch).rejects.toMatchObject({ stage: "channel" });
    await expect(process.exit).rejects.toBeInstanceOf(GuestError);
    await expect(new Response(process.stdout).text()).rejects.toBeInstanceOf(GuestError);
    await expect(client.batch([{ op: "sync" }])).rejects.toMatchObject({ stage: "channel" });
    expect((await client.lost).stage).toBe("channel");
  });

  test("cannot make the client throw, whatever the bytes", async () => {
    const kinds = Object.values(guestFrames);
    const frame = fc.record({
      kind: fc.oneof(fc.constantFrom(...kinds), fc.nat(200)),
      id: fc.oneof(fc.nat(40), fc.nat()),
      payload: fc.uint8Array({ maxLength: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 20 }), async (frames) => {
        const { agent, client } = await connected();
        const outcomes = [
          client.batch([
            { op: "read", path: "/x" },
            { op: "walk", path: "/" },
          ]),
          client.connect({ kind: "tcp", host: "1.2.3.4", port: 1 }),
          client.listen({ kind: "unix", path: "/s" }),
          client.spawn({ ...spec, stdio: { kind: "terminal", rows: 1, columns: 1 } }),
        ].map((promise) =>
          promise.then(
            () => {},
            (error: unknown) => expect(error).toBeInstanceOf(GuestError),
          ),
        );
        for (const { kind, id, payload } of frames) {
          const head = new WireWriter().u32(payload.length).u32(kind).u32(id).u32(agent.received);
          agent.sendRaw(head.raw(payload).bytes().slice());
        }
        client.dispose();
        await Promise.all(outcomes);
      }),
      { numRuns: 300 },
    );
  });
});
