/**
 * BuildKit's services over the engine's own builds: Control and the gateway (LLBBridge), as the docker driver of buildx uses them. The
 * Dockerfile frontend is the engine's; definitions in LLB are not solved.
 */
import type { ApiTransport } from "../transport.ts";
import { type AgentMachine, forwardAgents } from "./agents.node.ts";
import { Engine } from "./engine.node.ts";
import { sendFiles, sendTar } from "./filesync.node.ts";
import { exportersOf, openFrontend } from "./frontend.node.ts";
import { type Call, code, firstMessage, type Methods, RpcError } from "./grpc.node.ts";
import { history, updateHistory } from "./history.node.ts";
import { type BuildResult, encodeStatus, Job } from "./jobs.node.ts";
import { type ControlSolveRequest, messages, timeOf } from "./messages.node.ts";
import { callResult, failureError } from "./results.node.ts";
import type { Sessions } from "./session.node.ts";

const worker = {
  ID: "drydock",
  Labels: { "org.mobyproject.buildkit.worker.executor": "drydock" },
  platforms: [{ Architecture: "386", OS: "linux", Variant: "" }],
  BuildkitVersion: { package: "drydock", version: "drydock", revision: "" },
};
/** What a gateway client may ask for (frontend/gateway/pb/caps.go). */
const capabilities = [
  "solve.base",
  "solve.inlinereturn",
  "return",
  "returnmap",
  "importcaches",
  "proto.refarray",
  "reference.output",
  "frontend.inputs",
  "frontend.caps",
  "gateway.solve.metadata",
  "gateway.solve.evaluate",
].map((ID) => ({ ID, Enabled: true }));

type SolveJob = Job<ControlSolveRequest>;

export function controlMethods(api: ApiTransport, sessions: Sessions, machine?: AgentMachine): Methods {
  const jobs = new Map<string, SolveJob>();
  const engine = new Engine(api);
  /** Whoever of Solve, Status and the gateway comes first makes it. */
  const jobOf = (ref: string): SolveJob => {
    const known = jobs.get(ref);
    if (known !== undefined) return known;
    const job: SolveJob = new Job();
    jobs.set(ref, job);
    return job;
  };
  const control = "/moby.buildkit.v1.Control";
  const gateway = "/moby.buildkit.v1.frontend.LLBBridge";

  async function build(job: SolveJob, options: Readonly<Record<string, string>>): Promise<BuildResult> {
    const solve = await job.request.promise;
    const session = await sessions.find(solve.Session);
    const { request, context } = await openFrontend(options, solve, session, job.abort.signal);
    const dockerfile = String(request.dockerfile ?? "");
    const agents = await forwardAgents(dockerfile, session, machine);
    try {
      for await (const message of engine.build({ ...request, ssh: agents.byId }, context, job.abort.signal)) {
        if ("result" in message) return { ...message.result, dockerfile };
        if ("failure" in message) {
          if (request.call !== "check") throw failureError(message.failure);
          return { ref: "", names: [], warnings: [], dockerfile, failure: message.failure };
        }
        job.report(message);
      }
    } finally {
      await agents.close();
    }
    throw new RpcError(code.cancelled, "context canceled");
  }

  async function deliver(job: SolveJob, solve: ControlSolveRequest, result: BuildResult): Promise<void> {
    for (const [index, { Type }] of exportersOf(solve).entries()) {
      if (Type !== "local" && Type !== "tar") continue;
      const session = await sessions.find(solve.Session);
      const files = await engine.files(result.ref);
      const [name, send] =
        Type === "tar"
          ? (["exporting to client tarball", sendTar] as const)
          : (["exporting to client directory", sendFiles] as const);
      const vertex = { digest: `sha256:${index}`, name, started: new Date().toISOString() };
      job.report({ vertexes: [vertex] });
      await send(session, index, files);
      job.report({ vertexes: [{ ...vertex, completed: new Date().toISOString() }] });
    }
  }

  const methods: Record<string, (call: Call) => Promise<void>> = {
    async [`${control}/Info`](call) {
      await call.send(messages.info.encode({ buildkitVersion: worker.BuildkitVersion }));
    },
    async [`${control}/ListWorkers`](call) {
      await call.send(messages.workers.encode({ record: [worker] }));
    },
    async [`${control}/Solve`](call) {
      const request = messages.controlSolve.decode(await firstMessage(call));
      const job = jobOf(request.Ref);
      const cancel = (): void => job.abort.abort(new RpcError(code.cancelled, "context canceled"));
      call.signal.addEventListener("abort", cancel);
      job.request.resolve(request);
      try {
        if (request.Frontend !== "") {
          const options = request.FrontendAttrs;
          void build(job, options).then(job.result.resolve, job.result.reject);
        } else await Promise.race([job.returned.promise, aborted(job.abort.signal)]);
        // A client that only asks what there is returns without having built anything.
        const result = request.Frontend !== "" || job.isBuilt ? await job.result.promise : undefined;
        if (result !== undefined) await deliver(job, request, result);
        await call.send(
          messages.controlSolved.encode({ ExporterResponse: result === undefined ? {} : responseOf(result) }),
        );
      } finally {
        job.over();
        jobs.delete(request.Ref);
      }
    },
    async [`${control}/Status`](call) {
      const { Ref } = messages.statusRequest.decode(await firstMessage(call));
      const past = jobs.has(Ref) ? undefined : await engine.steps(Ref);
      if (past !== undefined) await call.send(encodeStatus(past));
      else for await (const update of jobOf(Ref).updates()) await call.send(update);
    },
    /** A session on the connection that the client has already, instead of one of its own; its bytes are the messages. */
    async [`${control}/Session`](call) {
      const { readable, writable } = sessions.accept({ headers: sessionHeaders(call) });
      const writer = writable.getWriter();
      const received = (async () => {
        for await (const message of call.incoming) await writer.write(messages.bytes.decode(message).data);
        await writer.close();
      })();
      const sent = readable.pipeTo(new WritableStream({ write: (data) => call.send(messages.bytes.encode({ data })) }));
      await Promise.race([received, sent]).catch(() => undefined);
    },
    async [`${control}/DiskUsage`](call) {
      await call.send(messages.diskUsage.encode({ record: (await engine.usage()).map(usageOf) }));
    },
    async [`${control}/Prune`](call) {
      const options = messages.prune.decode(await firstMessage(call));
      for (const record of await engine.prune(options)) await call.send(messages.usageRecord.encode(usageOf(record)));
    },
    [`${control}/ListenBuildHistory`]: (call) => history(call, engine),
    [`${control}/UpdateBuildHistory`]: (call) => updateHistory(call, engine),
    async [`${gateway}/Ping`](call) {
      await call.send(messages.pong.encode({ FrontendAPICaps: capabilities, LLBCaps: [], Workers: [worker] }));
    },
    async [`${gateway}/Solve`](call) {
      const job = jobOf(buildId(call));
      const { Frontend, FrontendOpt } = messages.gatewaySolve.decode(await firstMessage(call));
      if (Frontend !== "dockerfile.v0")
        throw new RpcError(
          code.unimplemented,
          `frontend ${JSON.stringify(Frontend)} is not solved here: only dockerfile.v0 is`,
        );
      job.isBuilt = true;
      const result = await build(job, FrontendOpt);
      job.result.resolve(result);
      await call.send(
        messages.gatewaySolved.encode({
          result: { ref: { id: result.ref }, metadata: callResult(result, FrontendOpt) },
        }),
      );
    },
    async [`${gateway}/Return`](call) {
      const job = jobOf(buildId(call));
      const { error } = messages.returned.decode(await firstMessage(call));
      if (error == null || error.code === 0) job.returned.resolve();
      else job.returned.reject(new RpcError(error.code, error.message, error.details));
      await call.send(messages.empty.encode({}));
    },
  };
  return methods;
}

const sessionHeaders = ({ metadata }: Call): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(metadata)
      .filter(([name]) => name.startsWith("x-docker-expose-session-"))
      .map(([name, value]) => [name, [value ?? ""].flat().join(", ")]),
  );

const buildId = ({ metadata }: Call): string => String(metadata["buildkit-controlapi-buildid"] ?? "");

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

const responseOf = ({ image, names }: BuildResult): Readonly<Record<string, string>> => ({
  ...(image === undefined ? {} : { "containerimage.config.digest": image, "containerimage.digest": image }),
  ...(names.length === 0 ? {} : { "image.name": names.join(",") }),
});

function usageOf(record: Awaited<ReturnType<Engine["usage"]>>[number]): object {
  const { Type, Parents, CreatedAt, LastUsedAt, ...rest } = record;
  return {
    ...rest,
    Mutable: false,
    RecordType: Type,
    Parents: Parents ?? [],
    CreatedAt: timeOf(CreatedAt),
    LastUsedAt: timeOf(LastUsedAt),
  };
}
