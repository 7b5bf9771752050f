/**
 * The classic builder's report of a build: "Step 1/3 : FROM busybox", as `POST /build` streams it to clients without BuildKit. Its cache
 * is one of instructions, not of layers: those that only set configuration are found there, too, until one is not.
 */
import type { BuildRequest } from "./model.ts";
import type { BuildService } from "./service.ts";

/** moby's jsonmessage.JSONMessage. */
export type ClassicMessage =
  | { readonly stream: string }
  | { readonly aux: { readonly ID: string } }
  | { readonly errorDetail: { readonly code?: number; readonly message: string }; readonly error: string };

/** Instructions that make layers, and are found in the cache by what they read. */
const layered: ReadonlySet<string> = new Set(["from", "run", "copy", "add", "workdir"]);

export class ClassicBuilder {
  readonly #builds: BuildService;
  /** What stages were like after an instruction. */
  readonly #known = new Set<string>();

  constructor(builds: BuildService) {
    this.#builds = builds;
  }

  /** `cacheImages`: as in moby's MakeImageCache, nothing is taken from the cache where none of these images is here. */
  build(
    request: BuildRequest & { readonly cacheImages?: readonly string[] },
    context: ReadableStream<Uint8Array> | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ClassicMessage, void, undefined> {
    const { cacheImages = [], ...rest } = request;
    const noCache =
      request.noCache === true || (cacheImages.length > 0 && !cacheImages.some((name) => this.#builds.hasImage(name)));
    return classicBuild(this.#builds, { ...rest, noCache }, this.#known, context, signal);
  }
}

async function* classicBuild(
  builds: BuildService,
  request: BuildRequest,
  known: Set<string>,
  context: ReadableStream<Uint8Array> | undefined,
  signal: AbortSignal,
): AsyncGenerator<ClassicMessage, void, undefined> {
  let misses = request.noCache === true;
  const isCached = (kind: string, cached: boolean, id: string | undefined): boolean => {
    const hit = layered.has(kind) ? cached : !misses && id !== undefined && known.has(id);
    if (!hit && kind !== "from") misses = true;
    if (id !== undefined) known.add(id);
    return hit;
  };
  const pending: string[] = [];
  const say = (text: string): void => void pending.push(text);
  const decoder = new TextDecoder();
  let step = 0;
  let running = "";
  let isAnnounced = false;
  const announce = (): void => {
    if (!isAnnounced) say(` ---> Running in ${running}\n`);
    isAnnounced = true;
  };
  const next = (): void => {
    running = shortId();
    isAnnounced = false;
  };
  const shortId = (): string =>
    Array.from(crypto.getRandomValues(new Uint8Array(6)), (b) => b.toString(16).padStart(2, "0")).join("");
  const messages = builds.build(request, context, signal, {
    started(code, total) {
      next();
      say(`Step ${++step}/${total} : ${code}\n`);
    },
    triggered(all) {
      next();
      if (all !== undefined) say(`# Executing ${all} build trigger${all === 1 ? "" : "s"}\n`);
    },
    ended(kind, cached, id) {
      if (isCached(kind, cached, id)) say(" ---> Using cache\n");
      else if (kind !== "from" && kind !== "copy" && kind !== "add") {
        announce();
        say(` ---> Removed intermediate container ${running}\n`);
      }
      if (id !== undefined) say(` ---> ${id.slice(7, 19)}\n`);
    },
    output(stream, data) {
      announce();
      const text = decoder.decode(data, { stream: true });
      // As moby's streamformatter: errors are light red.
      say(stream === 2 ? `\x1b[91m${text}\x1b[0m` : text);
    },
  });
  for await (const message of messages) {
    for (const text of pending.splice(0)) yield { stream: text };
    if ("result" in message && message.result.image !== undefined) {
      const { image } = message.result;
      yield { aux: { ID: image } };
      yield { stream: `Successfully built ${image.slice(7, 19)}\n` };
      for (const tag of request.tags ?? []) yield { stream: `Successfully tagged ${withTag(tag)}\n` };
    }
    if ("failure" in message) yield failure(message.failure.message);
  }
}

function failure(message: string): ClassicMessage {
  const run = /^process "(.*)" did not complete successfully: exit code: (\d+)$/s.exec(message);
  if (run === null) return { errorDetail: { message }, error: message };
  const text = `The command '${JSON.parse(`"${run[1]}"`)}' returned a non-zero code: ${run[2]}`;
  return { errorDetail: { code: Number(run[2]), message: text }, error: text };
}

const withTag = (name: string): string => (/:[^/]+$/.test(name) ? name : `${name}:latest`);
