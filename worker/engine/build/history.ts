/**
 * Build records: what `docker buildx history` shows of builds that are over, and of those that go on. As moby's, the list is short: the
 * oldest records go when there are more than fifty (builder.history.maxEntries).
 */
import type { Clock } from "../ports/host.ts";
import type { RecordStore } from "../ports/storage.ts";
import type { BuildFailure, BuildMessage, BuildRequest, BuildResult, Material, StepReport } from "./model.ts";
import type { LogRecord, StatusRecord, VertexRecord, WarningRecord } from "./solve/progress.ts";

export interface BuildRecord {
  readonly schema: 1;
  readonly ref: string;
  readonly name: string;
  readonly status: "running" | "completed" | "error" | "canceled";
  readonly error?: BuildFailure;
  readonly created: string;
  readonly completed?: string;
  /** As the client named it: a folder, an address, or "-". */
  readonly context: string;
  readonly dockerfile: string;
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  readonly tags: readonly string[];
  readonly image?: string;
  readonly materials: readonly Material[];
  readonly vertexes: readonly VertexRecord[];
  readonly statuses: readonly StatusRecord[];
  readonly logs: readonly LogRecord[];
  readonly warnings: readonly WarningRecord[];
  /** Why each step was or was not cached. */
  readonly steps: readonly StepReport[];
}

const recordKind = "build-history";
const maxEntries = 50;
/** Of a build's output, in base64; what comes later is not kept. */
const maxLog = 256 << 10;

export class BuildHistory {
  readonly #records: RecordStore;
  readonly #clock: Clock;
  readonly #known = new Map<string, BuildRecord>();
  readonly #running = new Map<string, Recorder>();

  private constructor(records: RecordStore, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  static async load(records: RecordStore, clock: Clock): Promise<BuildHistory> {
    const history = new BuildHistory(records, clock);
    for (const { value } of await records.list(recordKind)) {
      const record = value as BuildRecord;
      history.#known.set(record.ref, record);
    }
    return history;
  }

  start(ref: string, request: BuildRequest): Recorder {
    const recorder = new Recorder(ref, request, this.#clock.now().toISOString());
    this.#running.set(ref, recorder);
    return recorder;
  }

  /** The build is over; without a word from it, it was cancelled. A build of which only checks were asked leaves no record. */
  async end(recorder: Recorder): Promise<void> {
    this.#running.delete(recorder.ref);
    if (recorder.isCheck) return;
    const record = recorder.record(this.#clock.now().toISOString());
    this.#known.set(record.ref, record);
    await this.#records.put(recordKind, record.ref, record);
    for (const { ref } of this.list().slice(maxEntries)) await this.remove(ref);
  }

  /** Newest first. */
  list(): readonly BuildRecord[] {
    const running = [...this.#running.values()].filter(({ isCheck }) => !isCheck).map((r) => r.record(undefined));
    return [...this.#known.values(), ...running].sort((a, b) => (a.created < b.created ? 1 : -1));
  }

  find(ref: string): BuildRecord | undefined {
    return this.#known.get(ref) ?? this.#running.get(ref)?.record(undefined);
  }

  async remove(ref: string): Promise<boolean> {
    if (!this.#known.delete(ref)) return false;
    await this.#records.delete(recordKind, ref);
    return true;
  }
}

/** Gathers one build's messages: of each step its latest state, of each part its latest count. */
export class Recorder {
  readonly ref: string;
  readonly isCheck: boolean;
  readonly #request: BuildRequest;
  readonly #created: string;
  readonly #vertexes = new Map<string, VertexRecord>();
  readonly #statuses = new Map<string, StatusRecord>();
  readonly #logs: LogRecord[] = [];
  readonly #warnings: WarningRecord[] = [];
  #logged = 0;
  #result: BuildResult | undefined;
  #failure: BuildFailure | undefined;

  constructor(ref: string, request: BuildRequest, created: string) {
    this.ref = ref;
    this.isCheck = request.call !== undefined && request.call !== "build";
    this.#request = request;
    this.#created = created;
  }

  note(message: BuildMessage): void {
    if ("result" in message) this.#result = message.result;
    else if ("failure" in message) this.#failure = message.failure;
    else {
      for (const vertex of message.vertexes ?? []) this.#vertexes.set(vertex.digest, vertex);
      for (const status of message.statuses ?? []) this.#statuses.set(`${status.vertex} ${status.id}`, status);
      for (const log of message.logs ?? []) {
        this.#logged += log.data.length;
        if (this.#logged <= maxLog) this.#logs.push(log);
      }
      this.#warnings.push(...(message.warnings ?? []));
    }
  }

  record(completed: string | undefined): BuildRecord {
    const {
      source,
      dockerfileName,
      target = "",
      buildArgs = {},
      labels = {},
      noCache = false,
      tags = [],
    } = this.#request;
    const [result, failure] = [this.#result, this.#failure];
    const context = source?.context ?? this.#request.remote ?? "-";
    const dockerfile = source?.dockerfile ?? dockerfileName;
    return {
      schema: 1,
      ref: this.ref,
      name: nameOf(source?.name ?? context, dockerfile, target),
      status: completed === undefined ? "running" : result !== undefined ? "completed" : failure ? "error" : "canceled",
      ...(failure === undefined ? {} : { error: failure }),
      created: this.#created,
      ...(completed === undefined ? {} : { completed }),
      context,
      dockerfile,
      ...(target === "" ? {} : { target }),
      buildArgs,
      labels,
      noCache,
      tags,
      ...(result?.image === undefined ? {} : { image: result.image }),
      materials: result?.materials ?? [],
      vertexes: [...this.#vertexes.values()],
      statuses: [...this.#statuses.values()],
      logs: [...this.#logs],
      warnings: [...this.#warnings],
      steps: result?.steps ?? failure?.steps ?? [],
    };
  }
}

/** buildx's BuildName: the folder's own name, the Dockerfile's where it is another, the target. */
function nameOf(context: string, dockerfile: string, target: string): string {
  const folder = context.replace(/\/+$/, "");
  const base = folder.slice(folder.lastIndexOf("/") + 1) || folder || "-";
  const file = dockerfile === "Dockerfile" || dockerfile.endsWith("/Dockerfile") ? "" : `/${dockerfile}`;
  return `${base}${file}${target === "" ? "" : ` (${target})`}`;
}
