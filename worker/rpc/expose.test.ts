import * as Comlink from "comlink";
import { afterEach, describe, expect, it } from "vitest";
import type { ApiRequest, ApiResponse } from "../api/transport.ts";
import { Rewound } from "../checkpoints/life.ts";
import {
  type NumberedEvent,
  type PreviewMessage,
  portReadable,
  portWritable,
  protocolVersion,
  unwrap,
  type WorkerService,
} from "../protocol/index.ts";
import { exposeRpc } from "./expose.ts";
import type { DrydockHost } from "./host.ts";

const text = (stream: ReadableStream<Uint8Array>): Promise<string> =>
  new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).text();
const stream = (content: string): ReadableStream<Uint8Array> => new Blob([content]).stream();

function host(change: Partial<DrydockHost> = {}): DrydockHost {
  return {
    start: async () => ({ origin: "snapshot", memoryBytes: 1, durable: false }),
    stop: async () => {},
    exportPlayground: async (name) => stream(`the file of ${name}`),
    notices: new ReadableStream(),
    api: { request: async () => ({ status: 200, headers: {}, body: { kind: "empty" } }) },
    openTerminal: async () => {
      throw { kind: "unavailable", message: "no terminal" };
    },
    runDocker: async () => ({ stdout: "", stderr: "", exitCode: 0 }),
    files: {
      list: async () => [],
      read: async () => stream("content"),
      write: async () => {},
      makeDirectory: async () => {},
      rename: async () => {},
      remove: async () => {},
      watch: () => new ReadableStream(),
    },
    openPort: async () => ({ readable: stream("pong"), writable: new WritableStream() }),
    ...change,
  };
}

const channels: MessageChannel[] = [];
function connect(to: DrydockHost): Comlink.Remote<WorkerService> {
  const channel = new MessageChannel();
  channels.push(channel);
  exposeRpc(to, channel.port1);
  return Comlink.wrap<WorkerService>(channel.port2);
}
const answering = (body: ApiResponse["body"], seen?: (request: ApiRequest) => void): DrydockHost =>
  host({
    api: {
      request: async (request) => {
        seen?.(request);
        return { status: 200, headers: {}, body };
      },
    },
  });

afterEach(() => {
  for (const { port1, port2 } of channels.splice(0)) {
    port1.close();
    port2.close();
  }
});

describe("the bridge", () => {
  it("answers the version and a ping", async () => {
    const service = connect(host());
    expect(await service.version()).toBe(protocolVersion);
    expect(await service.ping()).toBe(true);
  });

  it("passes a refusal on with kind, message and resource", async () => {
    const service = connect(
      host({
        runDocker: async () => {
          throw { kind: "notFound", message: "No such container: web", resource: "web" };
        },
      }),
    );
    expect(await service.runDocker(["ps"])).toEqual({
      ok: false,
      error: { kind: "notFound", message: "No such container: web", resource: "web" },
    });
  });

  it("says what a host does not offer", async () => {
    const answer = await connect(host()).inspect("web");
    expect(answer).toMatchObject({ ok: false, error: { kind: "notImplemented" } });
  });

  it("passes a playground's file on as a stream", async () => {
    const service = connect(host());
    expect(await text(portReadable(unwrap(await service.exportPlayground("Shop"))))).toBe("the file of Shop");
  });

  it("passes checkpoints on, their files and their events as streams", async () => {
    const checkpoint = { id: "a", name: "before", at: 1, bytes: 2, automatic: false, stored: true };
    let started: unknown;
    const service = connect(
      host({
        start: async ({ from }) => {
          started = from?.kind === "file" ? await text(from.content) : from;
          return { origin: "checkpoint", memoryBytes: 1, durable: true };
        },
        checkpoints: {
          stored: async () => [checkpoint],
          list: async () => [checkpoint],
          take: async ({ name }) => ({ ...checkpoint, name }),
          rewind: async (id) => ({ ...checkpoint, id }),
          forget: async () => {},
          export: async () => stream("a file"),
          watch: () => new Blob().stream() as unknown as ReadableStream<never>,
        },
      }),
    );
    expect(unwrap(await service.takeCheckpoint({ name: "mine" })).name).toBe("mine");
    expect(unwrap(await service.rewind("b")).id).toBe("b");
    expect(unwrap(await service.checkpoints())).toEqual([checkpoint]);
    expect(await text(portReadable(unwrap(await service.exportCheckpoint("a"))))).toBe("a file");
    expect(
      (
        await portReadable(unwrap(await service.watchCheckpoints()))
          .getReader()
          .read()
      ).done,
    ).toBe(true);
    const progress = new MessageChannel();
    const file = new MessageChannel();
    void stream("its bytes").pipeTo(portWritable(file.port1));
    const options = { playground: "default", from: { kind: "file" as const, content: file.port2 } };
    await service.start(Comlink.transfer(progress.port2, [progress.port2]), Comlink.transfer(options, [file.port2]));
    expect(started).toBe("its bytes");
  });

  it("carries JSON answers as values and byte answers over a port", async () => {
    const listed = unwrap(
      await connect(answering({ kind: "json", value: [{ Id: "a" }] })).request({
        id: 1,
        method: "GET",
        path: "/containers/json",
      }),
    );
    expect(listed.body).toEqual({ kind: "json", value: [{ Id: "a" }] });
    const logs = unwrap(
      await connect(answering({ kind: "stream", stream: stream("line\n") })).request({
        id: 1,
        method: "GET",
        path: "/logs",
      }),
    );
    if (logs.body.kind !== "stream") throw new Error(logs.body.kind);
    expect(await text(portReadable(logs.body.port))).toBe("line\n");
  });

  it("hands a request's body over as a stream", async () => {
    let received = Promise.resolve("");
    const service = connect(
      answering({ kind: "empty" }, ({ body }) => {
        if (body?.kind === "stream") received = text(body.stream);
      }),
    );
    const { port1, port2 } = new MessageChannel();
    void stream("a tar").pipeTo(portWritable(port1));
    await service.request(
      Comlink.transfer({ id: 1, method: "POST", path: "/images/load", body: { kind: "stream", port: port2 } }, [port2]),
    );
    expect(await received).toBe("a tar");
  });

  it("cancels a request that runs", async () => {
    let aborted = false;
    const service = connect(
      host({
        api: {
          request: ({ signal }) =>
            new Promise((_, reject) => {
              signal?.addEventListener("abort", () => {
                aborted = true;
                reject(signal.reason);
              });
            }),
        },
      }),
    );
    const pending = service.request({ id: 7, method: "GET", path: "/events" });
    await service.cancel(7);
    expect(await pending).toMatchObject({ ok: false, error: { kind: "cancelled" } });
    expect(aborted).toBe(true);
  });

  it("reports the start's progress before its report", async () => {
    const service = connect(
      host({
        start: async ({ onProgress }) => {
          onProgress("machine", 5, 10);
          return { origin: "snapshot", memoryBytes: 1, durable: true };
        },
      }),
    );
    const { port1, port2 } = new MessageChannel();
    const reader = portReadable<unknown>(port1).getReader();
    const report = service.start(Comlink.transfer(port2, [port2]), { playground: "default" });
    expect((await reader.read()).value).toEqual({ stage: "machine", loadedBytes: 5, totalBytes: 10 });
    expect((await reader.read()).done).toBe(true);
    expect(unwrap(await report).durable).toBe(true);
  });

  it("joins a terminal's streams, its size and its exit code", async () => {
    const sizes: number[][] = [];
    let input = "";
    const service = connect(
      host({
        openTerminal: async () => ({
          readable: stream("$ "),
          writable: new WritableStream({
            write(chunk) {
              input += new TextDecoder().decode(chunk);
            },
          }),
          resize: (rows, columns) => void sizes.push([rows, columns]),
          exit: Promise.resolve(3),
          close: () => {},
        }),
      }),
    );
    const terminal = unwrap(await service.openTerminal({ rows: 24, columns: 80 }));
    const writer = portWritable<Uint8Array>(terminal.writable).getWriter();
    await writer.write(new TextEncoder().encode("exit 3\r"));
    await writer.close();
    await service.resizeTerminal(terminal.id, 30, 100);
    expect(await text(portReadable(terminal.readable))).toBe("$ ");
    expect(unwrap(await service.terminalExit(terminal.id))).toBe(3);
    expect(sizes).toEqual([[30, 100]]);
    expect(input).toBe("exit 3\r");
  });

  it("numbers events, and leaves numbers out when the page is behind", async () => {
    let publish: (count: number) => void = () => {};
    const gate = new Promise<number>((resolve) => {
      publish = resolve;
    });
    async function* events() {
      yield { Action: "first" };
      const count = await gate;
      for (let index = 0; index < count; index += 1) yield { Action: `flood ${index}` };
    }
    const service = connect(answering({ kind: "jsonLines", values: events() }));
    const reader = portReadable<NumberedEvent>(unwrap(await service.events()), { window: 4 }).getReader();
    const early = reader.read();
    publish(100);
    const sequences: number[] = [];
    for (let next = await early; !next.done; next = await reader.read()) sequences.push(next.value.sequence);
    expect(sequences.length).toBeLessThan(101);
    expect([...sequences].sort((a, b) => a - b)).toEqual(sequences);
  });

  it("goes on with the events of a machine that was put back, and leaves a number out", async () => {
    let begin: () => void = () => {};
    const reading = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const lives = [
      (async function* () {
        await reading;
        yield { Action: "create" };
        throw new Rewound("before");
      })(),
      (async function* () {
        yield { Action: "rewind" };
      })(),
    ];
    const service = connect(
      host({
        api: {
          request: async () =>
            ({ status: 200, headers: {}, body: { kind: "jsonLines", values: lives.shift() ?? [] } }) as ApiResponse,
        },
      }),
    );
    const reader = portReadable<NumberedEvent>(unwrap(await service.events())).getReader();
    const first = reader.read();
    setTimeout(begin, 0);
    expect((await first).value).toEqual({ sequence: 1, event: { Action: "create" } });
    expect((await reader.read()).value).toEqual({ sequence: 3, event: { Action: "rewind" } });
    expect((await reader.read()).done).toBe(true);
  });

  it("opens the one port of a preview's channel, and ignores what is not a request", async () => {
    const opened: number[] = [];
    const service = connect(
      host({
        openPort: async (_, port) => {
          opened.push(port);
          return { readable: stream("pong"), writable: new WritableStream() };
        },
      }),
    );
    const channel = new MessageChannel();
    await service.servePreview(Comlink.transfer(channel.port1, [channel.port1]), "127.0.0.1", 8080);
    channel.port2.postMessage({ type: "connect", port: 22 });
    channel.port2.postMessage("connect");
    const down = new MessageChannel();
    const up = new MessageChannel();
    const answer = new Promise<PreviewMessage>((resolve) => {
      channel.port2.onmessage = ({ data }) => resolve(data);
    });
    channel.port2.postMessage({ type: "connect", id: 1, readable: down.port1, writable: up.port1 }, [
      down.port1,
      up.port1,
    ]);
    expect(await answer).toEqual({ type: "connected", id: 1 });
    expect(await text(portReadable(down.port2))).toBe("pong");
    expect(opened).toEqual([8080]);
    channel.port2.close();
    up.port2.close();
  });
});
