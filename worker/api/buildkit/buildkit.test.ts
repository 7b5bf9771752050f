/** A client of BuildKit's protocol, as buildx is one: its calls on one connection, its files and secrets on another. */
import type { Duplex } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { buildRig } from "../../engine/build/testing/rig.ts";
import { collectBytes } from "../../engine/bytes.ts";
import { readTar } from "../../engine/tar-reader.ts";
import { tarOf, textFile } from "../../engine/testing/image-archives.ts";
import { json } from "../respond.ts";
import { Router } from "../router.ts";
import { buildRoutes } from "../routes/build.ts";
import type { ApiTransport } from "../transport.ts";
import { type Call, GrpcClient, type RpcError, serveGrpc } from "./grpc.node.ts";
import { withBuildKit } from "./index.node.ts";
import { messages, type Packet } from "./messages.node.ts";
import { bytesOf } from "./session.node.ts";
import { handedOver } from "./socket.node.ts";

const ref = "abcdefghijklmnopqrstuvwxy";
const fileSync = "/moby.filesync.v1.FileSync/DiffCopy";
const fileSend = "/moby.filesync.v1.FileSend/DiffCopy";
const control = "/moby.buildkit.v1.Control";
const gateway = "/moby.buildkit.v1.frontend.LLBBridge";
const goDirectory = 2 ** 31;

/** The far end of a connection that the API hands over, as a socket. */
async function dial(api: ApiTransport, path: string, headers: Readonly<Record<string, string>> = {}) {
  const { status, body } = await api.request({ method: "POST", path, headers });
  expect(status).toBe(101);
  if (body.kind !== "upgrade") throw new Error(body.kind);
  const { stream, socket } = handedOver();
  void stream.readable.pipeTo(body.stream.writable).catch(() => undefined);
  void body.stream.readable.pipeTo(stream.writable).catch(() => undefined);
  return socket;
}

/** fsutil's sender: what there is, then what is asked for. */
async function serveFiles(call: Call, files: Readonly<Record<string, string>>): Promise<void> {
  const follow = [call.metadata.followpaths ?? []].flat();
  const excluded = [call.metadata["exclude-patterns"] ?? []].flat();
  const names = Object.keys(files)
    .filter((name) => follow.length === 0 || follow.some((wanted) => wanted.split(/, ?/).includes(name)))
    .filter((name) => !excluded.includes(name))
    .sort();
  const send = (packet: Packet): Promise<void> => call.send(messages.packet.encode(packet));
  const stat = (path: string, mode: number, size: number) => ({
    path,
    mode,
    size,
    uid: 7,
    gid: 7,
    modTime: 1e18,
    linkname: "",
  });
  for (const name of names)
    await send({
      type: 0,
      stat: name.endsWith("/")
        ? stat(name.slice(0, -1), goDirectory + 0o755, 0)
        : stat(name, 0o644, files[name]?.length ?? 0),
    });
  await send({ type: 0 });
  for await (const message of call.incoming) {
    const { type, ID = 0 } = messages.packet.decode(message);
    if (type === 3) break;
    if (type !== 1) continue;
    await send({ type: 2, ID, data: new TextEncoder().encode(files[names[ID] ?? ""] ?? "") });
    await send({ type: 2, ID });
  }
  await send({ type: 3 });
}

describe("BuildKit's protocol", () => {
  let api: ApiTransport;
  let rig: Awaited<ReturnType<typeof buildRig>>;
  let client: GrpcClient;
  /** What FileSend brought. */
  let received: Uint8Array[];

  beforeEach(async () => {
    rig = await buildRig();
    api = withBuildKit(
      new Router([
        ...buildRoutes(rig.builds),
        {
          method: "GET",
          path: "/system/df",
          operation: "SystemDataUsage",
          handle: async () => json({ BuildCache: rig.builds.usage() }),
        },
      ]),
    );
    client = new GrpcClient(await dial(api, "/v1.51/grpc"));
    received = [];
  });

  const openSession = async (
    id: string,
    files: Readonly<Record<string, string>>,
    upload: Uint8Array = new Uint8Array(),
    dialSession: (headers: Readonly<Record<string, string>>) => Promise<Duplex> = (headers) =>
      dial(api, "/session", headers),
  ): Promise<void> => {
    const methods = {
      "/moby.upload.v1.Upload/Pull": async ({ send }: Call) => {
        for (let at = 0; at < upload.length; at += 32 << 10)
          await send(messages.bytes.encode({ data: upload.subarray(at, at + (32 << 10)) }));
      },
      [fileSync]: (call: Call) => serveFiles(call, files),
      [fileSend]: async ({ incoming }: Call) => {
        for await (const message of incoming) received.push(messages.bytes.decode(message).data);
      },
    };
    const headers = {
      "x-docker-expose-session-uuid": id,
      "x-docker-expose-session-grpc-method": Object.keys(methods).join(", "),
    };
    serveGrpc(await dialSession(headers), methods);
  };
  /** As buildx does it: Solve stays open while the gateway client builds and returns. */
  const build = async (
    options: Readonly<Record<string, string>> = {},
    exporter: object = { Type: "moby", Attrs: { name: "docker.io/library/app" } },
  ) => {
    const solved = client.unary(
      `${control}/Solve`,
      messages.controlSolve.encode({ Ref: ref, Session: "s", Exporters: [exporter] } as never),
    );
    solved.catch(() => undefined);
    const metadata = { "buildkit-controlapi-buildid": ref };
    const asked = async (method: string, message: Uint8Array): Promise<Uint8Array> => {
      const call = client.open(`${gateway}/${method}`, metadata);
      await call.send(message);
      call.end();
      for await (const answer of call.incoming) return answer;
      throw new Error("no answer");
    };
    await asked("Ping", new Uint8Array());
    let failure: RpcError | undefined;
    try {
      await asked("Solve", messages.gatewaySolve.encode({ Frontend: "dockerfile.v0", FrontendOpt: options } as never));
    } catch (error) {
      failure = error as RpcError;
    }
    const error = failure === undefined ? null : { code: failure.code, message: failure.message };
    await asked("Return", messages.returned.encode({ error }));
    return messages.controlSolved.decode(await solved).ExporterResponse;
  };

  it("builds from a session's files, with what its ignore file names left out", async () => {
    await openSession("s", {
      Dockerfile: "FROM base\nARG V\nCOPY . /x/\nENV A=$V\n",
      ".dockerignore": "Dockerfile\n",
      "d/": "",
      "d/f": "content",
    });
    const response = await build({ filename: "Dockerfile", "build-arg:V": "7", "label:l": "1" });
    const image = await rig.images.resolve("app");
    expect(response["containerimage.digest"]).toBe(image.id);
    expect(image.config).toMatchObject({ Env: ["PATH=/bin", "A=7"], Labels: { l: "1" } });
    const names: string[] = [];
    for await (const { entry, body } of readTar(rig.blobs.open(image.layers.at(-1) ?? "sha256:")))
      names.push(`${entry.uid} ${entry.name} ${new TextDecoder().decode(await collectBytes(body))}`);
    expect(names).toEqual(["0 x/ ", "0 x/.dockerignore Dockerfile\n", "0 x/d/ ", "0 x/d/f content"]);
    expect(rig.builds.history.find(ref)).toMatchObject({ status: "completed", image: image.id });
  });

  it("takes a session on the connection that the client has already", async () => {
    const files = { Dockerfile: "FROM base\nCOPY d /d\n", d: "1" };
    await openSession("s", files, undefined, async (headers) => {
      const call = bytesOf(client.open(`${control}/Session`, headers));
      const { stream, socket } = handedOver();
      void stream.readable.pipeTo(call.writable).catch(() => undefined);
      void call.readable.pipeTo(stream.writable).catch(() => undefined);
      return socket;
    });
    const response = await build();
    expect(response["containerimage.digest"]).toBe((await rig.images.resolve("app")).id);
  });

  it("tells the steps while it builds, whoever comes first", async () => {
    const status = client.open(`${control}/Status`);
    await status.send(messages.statusRequest.encode({ Ref: ref }));
    status.end();
    const names = (async () => {
      const seen: string[] = [];
      for await (const update of status.incoming)
        for (const { name, completed } of (
          messages.status.decode(update) as { vertexes: { name: string; completed: unknown }[] }
        ).vertexes)
          if (completed !== null) seen.push(name);
      return seen;
    })();
    await openSession("s", { Dockerfile: "FROM base\nCOPY d /d\n", d: "1" });
    await build();
    expect(await names).toEqual(expect.arrayContaining(["[2/2] COPY d /d", "exporting to image"]));
  });

  it("sends files back where they are asked for", async () => {
    await openSession("s", { Dockerfile: "FROM scratch\nCOPY d /out\n", d: "1" });
    await build({}, { Type: "tar", Attrs: {} });
    const entries: string[] = [];
    for await (const { entry } of readTar(new Blob(received as Uint8Array<ArrayBuffer>[]).stream()))
      entries.push(entry.name);
    expect(entries).toEqual(["out"]);
  });

  it("takes a context from the client's standard input", async () => {
    const archive = await tarOf([
      textFile("Dockerfile", "FROM scratch\nCOPY a /b\n"),
      textFile("a", "A".repeat(200_000)),
    ]);
    await openSession("s", {}, archive);
    await build({ context: "http://buildkit-session/upload" });
    expect((await rig.images.resolve("app")).layers).toHaveLength(1);
  });

  it("says what is wrong, and keeps its word about what it has not", async () => {
    await openSession("s", { Dockerfile: "FROM base\nCOPY nope /\n" });
    await expect(build()).rejects.toThrow(/"\/nope": not found/);
    await expect(build({ filename: "Other" })).rejects.toThrow("open Other: no such file or directory");
    await expect(build({}, { Type: "oci", Attrs: {} })).rejects.toThrow('exporter "oci" could not be found');
    await expect(build({ requestid: "frontend.nope" })).rejects.toThrow("unsupported request frontend.nope");
    const unknown = client.unary(`${control}/Nope`, new Uint8Array());
    await expect(unknown).rejects.toThrow("unknown method");
  });

  it("lists, forgets and prunes", async () => {
    await openSession("s", { Dockerfile: "FROM base\nCOPY d /d\n", d: "1" });
    await build();
    const usage = messages.diskUsage.decode(await client.unary(`${control}/DiskUsage`, new Uint8Array())) as {
      record: { Description: string; RecordType: string }[];
    };
    expect(usage.record).toMatchObject([{ Description: "COPY d /d", RecordType: "regular" }]);
    const past = messages.status.decode(
      await client.unary(`${control}/Status`, messages.statusRequest.encode({ Ref: ref })),
    ) as { vertexes: { name: string }[] };
    expect(past.vertexes.map(({ name }) => name)).toContain("[2/2] COPY d /d");
    await client.unary(`${control}/UpdateBuildHistory`, messages.historyUpdate.encode({ Ref: ref, Delete: true }));
    expect(rig.builds.history.list()).toEqual([]);
    await client.unary(`${control}/Prune`, messages.prune.encode({ all: true, filter: [""] } as never));
    expect(rig.builds.usage()).toEqual([]);
  });

  it("reports a build of POST /build to clients that ask for version 2", async () => {
    const context = await tarOf([textFile("Dockerfile", "FROM base\nCOPY a /a\n"), textFile("a", "A")]);
    const build = async (path: string) => {
      const stream = new Blob([context as Uint8Array<ArrayBuffer>]).stream();
      const { body } = await api.request({ method: "POST", path, body: { kind: "stream", stream } });
      if (body.kind !== "jsonLines") throw new Error(body.kind);
      const values: { id?: string; aux?: unknown; error?: string }[] = [];
      for await (const value of body.values) values.push(value as object);
      return values;
    };
    const values = await build("/v1.51/build?version=2&t=app");
    expect(values.at(-1)).toEqual({ id: "moby.image.id", aux: { ID: (await rig.images.resolve("app")).id } });
    const traces = values.flatMap(({ id, aux }) =>
      id === "moby.buildkit.trace" ? [messages.status.decode(Buffer.from(String(aux), "base64"))] : [],
    ) as { vertexes: { name: string }[] }[];
    expect(traces.flatMap(({ vertexes }) => vertexes.map(({ name }) => name))).toContain("[2/2] COPY a /a");
    expect((await build("/build?version=2&dockerfile=none")).at(-1)?.error).toContain("open none: no such file");
  });

  it("ends a build whose client goes", async () => {
    await openSession("s", { Dockerfile: "FROM base\n" });
    const call = client.open(`${control}/Solve`);
    await call.send(messages.controlSolve.encode({ Ref: ref, Session: "s", Exporters: [] } as never));
    call.end();
    call.cancel();
    const end = (async () => {
      for await (const _ of call.incoming);
    })();
    await expect(end).rejects.toThrow();
    await build({});
    expect(rig.builds.history.list()).toMatchObject([{ status: "completed" }]);
  });
});
