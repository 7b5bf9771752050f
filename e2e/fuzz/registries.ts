/** A hostile registry: whoever asks it gets an answer or an error in words, in time, and takes no more than was to be had. */
import * as fc from "fast-check";
import type { Fetch } from "../../worker/engine/ports/host.ts";
import { tarOf, textFile } from "../../worker/engine/testing/image-archives.ts";
import {
  type RegistryAnswer,
  type RegistryScript,
  type RequestKind,
  registryScripts,
  soundImage,
} from "./inputs/registry-answers.ts";
import { property } from "./property.ts";
import { must, mustSpeak } from "./words.ts";

const commands: readonly (readonly string[])[] = [
  ["pull", "hostile.test/a:1"],
  ["pull", "hostile.test/a:1"],
  ["pull", "-a", "hostile.test/a"],
  ["pull", `hostile.test/a@sha256:${"0".repeat(64)}`],
  ["pull", "--platform", "linux/arm64", "hostile.test/a"],
  ["run", "--rm", "hostile.test/a"],
  ["push", "hostile.test/busybox"],
  ["push", "-a", "hostile.test/busybox"],
  ["search", "hostile.test/a"],
  ["search", "a"],
  ["login", "-u", "a", "-p", "b", "hostile.test"],
  ["manifest", "inspect", "hostile.test/a"],
  ["buildx", "imagetools", "inspect", "hostile.test/a"],
  ["build", "-"],
  ["build", "https://hostile.test/context.tar"],
  ["build", "https://hostile.test/repository.git#main"],
];
const dockerfile = "FROM hostile.test/a AS a\nFROM busybox\nADD https://hostile.test/%zz /\nCOPY --from=a / /a\n";

/** More than anybody needs of what is no layer. */
const tooMuch = 32 << 20;

function kindOf(path: string): RequestKind {
  if (path === "/v2/") return "ping";
  if (path.startsWith("/token")) return "token";
  return (["manifest", "blob", "tags"] as const).find((kind) => path.includes(`/${kind}`)) ?? "other";
}

class HostileRegistry {
  readonly #script: RegistryScript;
  readonly #image: ReturnType<typeof soundImage>;
  readonly #asked = new Map<RequestKind, number>();
  requests = 0;
  /** Of endless answers. */
  sent = 0;

  constructor(script: RegistryScript, image: ReturnType<typeof soundImage>) {
    this.#script = script;
    this.#image = image;
  }

  readonly fetch: Fetch = async (url, init = {}) => {
    init.signal?.throwIfAborted();
    const { pathname } = new URL(url);
    // Hundreds of requests are a loop.
    if (++this.requests > 400) throw new TypeError("too many requests");
    const kind = kindOf(pathname);
    const count = this.#asked.get(kind) ?? 0;
    this.#asked.set(kind, count + 1);
    const answers = this.#script[kind];
    return this.#answer(answers[Math.min(count, answers.length - 1)] as RegistryAnswer, pathname, kind);
  };

  #answer({ status, headers, body }: RegistryAnswer, path: string, kind: RequestKind): Response {
    const bodiless = [204, 304].includes(status);
    const content = bodiless ? null : this.#body(body, path, kind);
    return new Response(content as BodyInit | null, { status, headers });
  }

  #body(
    body: RegistryAnswer["body"],
    path: string,
    kind: RequestKind,
  ): string | Uint8Array | ReadableStream<Uint8Array> {
    if (body === "sound") {
      if (kind === "manifest") return this.#image.manifest;
      if (kind === "blob") return this.#image.blobs.get(path.slice(path.lastIndexOf("/") + 1)) ?? "";
      return kind === "tags" ? '{"tags":["1","2"]}' : kind === "token" ? '{"token":"t"}' : "{}";
    }
    if (typeof body === "object") return body.text;
    const piece = new Uint8Array(1 << 20);
    return new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          if (body === "broken") controller.error(new TypeError("terminated"));
          else if (this.sent > 2 * tooMuch) controller.close();
          else {
            this.sent += piece.length;
            controller.enqueue(piece);
          }
        },
      },
      { highWaterMark: 0 },
    );
  }
}

const image = tarOf([textFile("a", "A")]).then(soundImage);

export const registriesProperty = property({
  name: "registries",
  inputs: fc.record({ script: registryScripts, args: fc.constantFrom(...commands) }),
  async holds({ script, args }, playground) {
    const registry = new HostileRegistry(script, await image);
    playground.outside = registry.fetch;
    await playground.docker(["tag", "busybox", "hostile.test/busybox"]);
    const { code, stdout, stderr } = await playground.docker(args, { stdin: dockerfile });
    must(code >= 0 && code < 256, `exit code ${code}`);
    const said = args[0] === "build" ? stderr : stdout + stderr;
    mustSpeak(said, JSON.stringify(script) + unescape(JSON.stringify(script)));
    must(registry.requests <= 400, "asks for ever");
    // What a build is sent to fetch may be of any size.
    must(args[0] === "build" || registry.sent <= tooMuch, `takes ${registry.sent >> 20} MB of an answer without end`);
    await playground.docker(["rmi", "-f", "hostile.test/a:1", "hostile.test/a:latest"]);
  },
});
