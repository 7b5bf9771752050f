/**
 * An engine under fuzzing, with a few objects that inputs may name, and an outside that answers what an input says. Between inputs the
 * objects are made again where they are gone, and from time to time all that inputs left is removed.
 */
import { setImmediate } from "node:timers/promises";
import type { ApiRequest, ApiResponse } from "../../worker/api/transport.ts";
import { type Captured, type CaptureOptions, capture } from "../../worker/cli/capture.ts";
import type { Fetch } from "../../worker/engine/ports/host.ts";
import type { FuzzedEngine } from "./engines.ts";
import { Hang } from "./property.ts";
import { Finding } from "./words.ts";

/** Names that the playground's objects have. */
export const objects = { running: "web", created: "idle", image: "busybox", volume: "data", network: "net1" } as const;

const sweepEvery = 100;

export class Playground {
  readonly engine: FuzzedEngine;
  /** What is outside: answers all requests but the catalogue's. */
  outside: Fetch = refuse;
  #inputs = 0;
  #strays: unknown[] = [];
  #before: Readonly<Record<string, number | string>> = {};
  readonly #look = (reason: unknown): void => void this.#strays.push(reason);

  private constructor(engine: FuzzedEngine) {
    this.engine = engine;
    process.on("unhandledRejection", this.#look);
    process.on("uncaughtException", this.#look);
  }

  static async open(start: (outside: Fetch) => Promise<FuzzedEngine>): Promise<Playground> {
    const playground: Playground = new Playground(
      await start(async (url, init) => await playground.outside(url, init)),
    );
    await playground.docker(["pull", "-q", objects.image]);
    // The first containers make what is kept for the next: namespaces in stock, slabs.
    for (let i = 0; i < 20 && playground.engine.isReal; i++)
      await playground.docker(["run", "--rm", objects.image, "true"]);
    await playground.#prepare();
    await playground.#sweep();
    playground.#before = await playground.engine.state();
    return playground;
  }

  docker(args: readonly string[], options: CaptureOptions = {}): Promise<Captured> {
    return capture((invocation) => this.engine.docker(invocation), args, options);
  }

  /** A request of the playground's own. */
  async ask(method: ApiRequest["method"], path: string, value?: unknown): Promise<ApiResponse> {
    const body = value === undefined ? {} : { body: { kind: "json", value } as const };
    return await this.engine.api.request({ method, path, ...body });
  }

  /** One input: within its time, and without a failure that nobody saw. */
  async watch(holds: () => Promise<void> | void, bound: number): Promise<void> {
    await this.#prepare();
    if (++this.#inputs % sweepEvery === 0) await this.#sweep();
    this.#strays = [];
    await within(Promise.resolve(holds()), bound, "does not end");
    await setImmediate();
    const [stray] = this.#strays;
    if (stray !== undefined) throw new Finding(`fails behind its answer: ${String((stray as Error)?.stack ?? stray)}`);
  }

  /** After all inputs: the engine answers, runs a container, and holds what it held before. */
  async problems(): Promise<readonly string[]> {
    const problems: string[] = [];
    const { status } = await this.ask("GET", "/_ping");
    if (status !== 200) problems.push(`/_ping answers ${status}`);
    if (this.engine.isReal) {
      const { stdout, stderr } = await this.docker(["run", "--rm", objects.image, "echo", "alive"]);
      if (stdout !== "alive\n") problems.push(`no container runs: ${stdout}${stderr}`);
    }
    // One that was copied into has files of its own.
    await this.docker(["rm", "-f", objects.running, objects.created]);
    await this.#prepare();
    await this.#sweep();
    let after = await this.engine.state();
    // The kernel lets go of some of it a moment later.
    for (let look = 0; look < 30 && differences(this.#before, after).length > 0; look++) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      after = await this.engine.state();
    }
    return [...problems, ...differences(this.#before, after)];
  }

  async close(): Promise<void> {
    process.off("unhandledRejection", this.#look);
    process.off("uncaughtException", this.#look);
    await this.engine.close();
  }

  /** Makes the objects again that an input has removed or changed. */
  async #prepare(): Promise<void> {
    this.outside = refuse;
    const missing = async (path: string): Promise<boolean> => (await this.ask("GET", path)).status !== 200;
    if (await missing(`/images/${objects.image}/json`)) await this.#make("pull", "-q", objects.image);
    if (await missing(`/volumes/${objects.volume}`)) await this.#make("volume", "create", objects.volume);
    if (await missing(`/networks/${objects.network}`)) await this.#make("network", "create", objects.network);
    await this.#container(objects.created, "created", "create");
    if (this.engine.isReal) await this.#container(objects.running, "running", "run", "-d");
    else await this.#container(objects.running, "created", "create");
  }

  async #container(name: string, wanted: string, ...command: readonly string[]): Promise<void> {
    const { body } = await this.ask("GET", `/containers/${name}/json`);
    const state = body.kind === "json" ? (body.value as { State?: { Status?: string } }).State?.Status : undefined;
    if (state === wanted) return;
    await this.docker(["rm", "-f", name]);
    await this.#make(...command, "--name", name, "--stop-signal", "KILL", objects.image, "sleep", "1000000");
  }

  async #make(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await within(this.docker(args), 60_000, `docker ${args.join(" ")} does not end`);
    if (code !== 0) throw new Finding(`docker ${args.join(" ")} fails after it: ${stderr}`);
  }

  /** Removes all but the objects. */
  async #sweep(): Promise<void> {
    await this.docker(["swarm", "leave", "--force"]);
    const kept: readonly string[] = [`/${objects.running}`, `/${objects.created}`];
    for (const { Id, Names } of await this.#list<{ Names: readonly string[] }>("/containers/json?all=1"))
      if (!Names.some((name) => kept.includes(name))) await this.#remove(`/containers/${Id}?force=1&v=1`);
    for (const { Id, RepoTags } of await this.#list<{ RepoTags: readonly string[] }>("/images/json?all=1"))
      if (!RepoTags?.includes(`${objects.image}:latest`)) await this.#remove(`/images/${Id}?force=1`);
    await this.ask("POST", "/build/prune?all=1");
    const { body } = await this.ask("GET", "/volumes");
    const volumes = (body as { value?: { Volumes?: readonly { Name: string }[] } }).value?.Volumes ?? [];
    for (const { Name } of volumes)
      if (Name !== objects.volume) await this.#remove(`/volumes/${encodeURIComponent(Name)}?force=1`);
    for (const { Id, Name } of await this.#list<{ Name: string }>("/networks"))
      if (!["bridge", "host", "none", objects.network].includes(Name)) await this.#remove(`/networks/${Id}`);
    await within(this.engine.idle(), 60_000, "the engine does not come to rest");
  }

  async #list<T>(path: string): Promise<readonly (T & { readonly Id: string })[]> {
    const { body } = await this.ask("GET", path);
    return body.kind === "json" ? ((body.value ?? []) as readonly (T & { readonly Id: string })[]) : [];
  }

  async #remove(path: string): Promise<void> {
    await within(this.ask("DELETE", path), 60_000, `DELETE ${path} does not end`);
  }
}

const refuse: Fetch = async (url) => {
  throw new TypeError(`dial tcp: lookup ${URL.canParse(url) ? new URL(url).hostname : "it"}: no such host`);
};

async function within<T>(promise: Promise<T>, bound: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Hang(what)), bound);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const differences = (
  before: Readonly<Record<string, number | string>>,
  after: Readonly<Record<string, number | string>>,
): readonly string[] =>
  Object.keys(before)
    .filter((name) => after[name] !== before[name])
    .map((name) => `${name}: ${before[name]} before, ${after[name]} after`);
