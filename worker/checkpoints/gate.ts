/**
 * The Engine API of one life, as its clients see it. It counts the requests that change something, so that a checkpoint can be taken
 * between them, holds new ones back meanwhile, and ends all that are under way when the life ends.
 */
import type { ApiRequest, ApiResponse, ApiTransport, ResponseBody } from "../api/transport.ts";
import type { Life } from "./life.ts";

/** Requests that only wait: for a container's end, whose instant does not matter. */
const waits = /\/containers\/[^/]+\/wait(\?|$)/;
/** Work on images goes on after the answer has begun, and for as long as the network takes. */
const works = /\/(build|session|grpc|commit|images\/(create|load|[^?]+\/push)|drydock\/builds\/[^/]+\/run)(\?|$)/;

export class Gate implements ApiTransport {
  readonly #api: ApiTransport;
  readonly #life: Life;
  readonly #underWay = new Set<ApiRequest>();
  #held: Promise<void> | undefined;

  constructor(api: ApiTransport, life: Life) {
    this.#api = api;
    this.#life = life;
  }

  /** Requests that change something and have not ended. */
  get underWay(): readonly ApiRequest[] {
    return [...this.#underWay];
  }

  /** Whether an image is being built, pulled, pushed or loaded. */
  get worksOnImages(): boolean {
    return this.underWay.some(({ path }) => works.test(path));
  }

  /** New requests that change something wait until the answer is called. */
  hold(): () => void {
    let open = (): void => {};
    this.#held = new Promise((resolve) => {
      open = resolve;
    });
    return () => {
      this.#held = undefined;
      open();
    };
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    const changes = request.method !== "GET" && request.method !== "HEAD" && !waits.test(request.path);
    while (changes && this.#held !== undefined) await this.#life.promise(this.#held);
    const signals = request.signal === undefined ? [] : [request.signal];
    const signal = AbortSignal.any([...signals, this.#life.signal]);
    if (changes) this.#underWay.add(request);
    const done = (): void => {
      this.#underWay.delete(request);
      request.signal?.removeEventListener("abort", done);
    };
    request.signal?.addEventListener("abort", done);
    try {
      const response = await this.#life.promise(this.#api.request({ ...request, signal }));
      const body = this.#bound(response.body, works.test(request.path) ? done : () => {});
      if (body === response.body || !works.test(request.path)) done();
      return { ...response, body };
    } catch (error) {
      done();
      throw error;
    }
  }

  /** The body for a client that outlives the life; `ended` is called when all of it was read. */
  #bound(body: ResponseBody, ended: () => void): ResponseBody {
    switch (body.kind) {
      case "empty":
      case "json":
      case "text":
        return body;
      case "jsonLines":
        return { kind: "jsonLines", values: untilEnd(this.#life.values(body.values), ended) };
      case "stream":
        return { kind: "stream", stream: this.#life.readable(body.stream, ended) };
      case "upgrade": {
        const { readable, writable } = body.stream;
        return {
          ...body,
          stream: { readable: this.#life.readable(readable, ended), writable: this.#life.writable(writable) },
        };
      }
    }
  }
}

/** `ended` is called at the end, however it comes, and also where nobody has begun to read. */
function untilEnd<T>(values: AsyncIterable<T>, ended: () => void): AsyncIterable<T> {
  const iterator = values[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<T>> => {
    try {
      const result = await iterator.next();
      if (result.done === true) ended();
      return result;
    } catch (error) {
      ended();
      throw error;
    }
  };
  const leave = async (): Promise<IteratorResult<T>> => {
    ended();
    await iterator.return?.();
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: leave }) };
}
