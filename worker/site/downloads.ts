/**
 * Files of the site, fetched so that a moment without a network costs a moment: what fails is asked for again, a body that breaks off goes
 * on where it stopped. What cannot be had in the end is a {@link MachineError} "download" that names the file.
 */
import { KEPT_COPY } from "../protocol/kept-copy.ts";
import { MachineError } from "../vm/errors.ts";

export interface DownloadOptions {
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  readonly wait: (ms: number) => Promise<void>;
  /** The file as a message names it. */
  readonly nameOf: (url: string) => string;
  /** How much of all bodies that were opened has arrived. */
  readonly onProgress?: (loaded: number, total: number) => void;
}

/** Before the second try, the third and the fourth. */
const pauses = [200, 1000, 3000] as const;

/** The server, or something before it, is broken at the moment: another try may do. */
class Busy extends Error {}
/** Another try would end the same. */
class Refused extends Error {}

const passing = (status: number): boolean => status >= 500 || status === 408 || status === 429;

export class Downloads {
  readonly #options: DownloadOptions;
  #loaded = 0;
  #total = 0;
  /** Nothing has come since something was given up. */
  #down = false;

  constructor(options: DownloadOptions) {
    this.#options = options;
  }

  text(url: string, init?: RequestInit): Promise<string> {
    return this.#persistently(url, async () => (await this.#get(url, init)).text());
  }

  bytes(url: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#persistently(url, async () => new Uint8Array(await (await this.#get(url)).arrayBuffer()));
  }

  /** Compiled while it arrives where the host says what it is; the browser keeps its own code only for a response that nobody has touched. */
  compile(url: string): Promise<WebAssembly.Module> {
    return this.#persistently(url, async () => {
      const response = await this.#get(url);
      return response.headers.get("content-type") === "application/wasm"
        ? await WebAssembly.compileStreaming(response)
        : await WebAssembly.compile(await response.arrayBuffer());
    });
  }

  /** Resolves when the file has begun to arrive. */
  async open(url: string): Promise<ReadableStream<Uint8Array>> {
    const body = async (from: number): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
      const { body, headers } = await this.#get(url);
      if (body === null) throw new Refused("it is empty");
      if (from === 0) this.#total += Number(headers.get("content-length") ?? 0);
      return without(body, from).getReader();
    };
    let reader = await this.#persistently(url, () => body(0));
    let arrived = 0;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const { done, value } = await this.#persistently(url, async (tries) => {
            if (tries > 0) reader = await body(arrived);
            return await reader.read();
          });
          if (done) {
            controller.close();
            return;
          }
          arrived += value.length;
          this.#loaded += value.length;
          this.#options.onProgress?.(this.#loaded, this.#total);
          controller.enqueue(value);
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  async #get(url: string, init?: RequestInit): Promise<Response> {
    const { fetch } = this.#options;
    const asked = fetch(url, init);
    const response = await (url.endsWith(".wasm") ? asked.catch(() => fetch(url + KEPT_COPY)) : asked);
    if (response.ok) return response;
    const reason = `the server answered with status ${response.status}`;
    throw passing(response.status) ? new Busy(reason) : new Refused(reason);
  }

  /** `attempt` is told how many there were before. While nothing comes at all, each file is asked for once: its reader may be the guest's disk. */
  async #persistently<T>(url: string, attempt: (tries: number) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        const result = await attempt(tries);
        this.#down = false;
        return result;
      } catch (error) {
        // Whole, but not what it should be: another try would end the same.
        if (error instanceof WebAssembly.CompileError) throw error;
        const pause = error instanceof Refused || this.#down ? undefined : pauses[tries];
        if (pause === undefined) {
          this.#down = !(error instanceof Refused);
          throw new MachineError(
            "download",
            `${this.#options.nameOf(url)} could not be downloaded: ${reasonOf(error)}.`,
            {
              cause: error,
            },
          );
        }
        await this.#options.wait(pause);
      }
    }
  }
}

/** What fetch says of a connection that fails differs from browser to browser, and tells nothing. */
function reasonOf(error: unknown): string {
  return error instanceof Refused || error instanceof Busy ? error.message : "the connection failed";
}

/** What has arrived before is left out. */
function without(body: ReadableStream<Uint8Array>, bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  if (left === 0) return body;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (chunk.length > left) controller.enqueue(chunk.subarray(left));
        left = Math.max(0, left - chunk.length);
      },
    }),
  );
}
