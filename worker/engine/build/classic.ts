/** The classic builder's report of a build: "Step 1/3 : FROM busybox", as `POST /build` streams it to clients without BuildKit. */
import type { BuildRequest } from "./model.ts";
import type { BuildService } from "./service.ts";

/** moby's jsonmessage.JSONMessage. */
export type ClassicMessage =
  | { readonly stream: string }
  | { readonly aux: { readonly ID: string } }
  | { readonly errorDetail: { readonly code?: number; readonly message: string }; readonly error: string };

export async function* classicBuild(
  builds: BuildService,
  request: BuildRequest,
  context: ReadableStream<Uint8Array> | undefined,
  signal: AbortSignal,
): AsyncGenerator<ClassicMessage, void, undefined> {
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
      if (cached) say(" ---> Using cache\n");
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
