/**
 * The embedded playground's end of the embedding protocol. Only the window that embeds this page is listened to, only at the origin that
 * the address names (where it names one), and only where the site lets others embed it. Whatever comes is read by `embed/protocol.ts`.
 */
import type { EmbedOptions } from "../../embed/address.ts";
import {
  type EmbedEvent,
  type EmbedEvents,
  type EmbedFailure,
  type EmbedMethod,
  type EmbedMethods,
  type Request,
  readRequest,
  type Told,
  written,
} from "../../embed/protocol.ts";

/** What the page does for whoever embeds it. */
export type EmbedActions = {
  readonly [M in EmbedMethod]: (params: EmbedMethods[M]["params"]) => Promise<EmbedMethods[M]["result"]>;
};

/** The window around this one, as far as it is used. */
export interface EmbedderWindow {
  postMessage(message: unknown, targetOrigin: string): void;
}

export interface EmbedHostParts {
  readonly parent: EmbedderWindow;
  readonly options: Pick<EmbedOptions, "origin">;
  /** Origins that the site lets embed it; `*` for all. */
  readonly allowed: readonly string[];
  readonly actions: EmbedActions;
}

const mostPending = 64;

export class EmbedHost {
  readonly #parts: EmbedHostParts;
  /** Whom answers and events go to: named by the address, or learnt from the first message that counts. */
  #origin: string | undefined;
  #pending = 0;

  constructor(parts: EmbedHostParts) {
    this.#parts = parts;
    const { origin } = parts.options;
    this.#origin = origin !== undefined && this.#isAllowed(origin) ? origin : undefined;
  }

  #isAllowed(origin: string): boolean {
    const { options, allowed } = this.#parts;
    if (options.origin !== undefined && options.origin !== origin) return false;
    return allowed.includes("*") || allowed.includes(origin);
  }

  /** Hand every `message` event of the page in here. */
  receive({ source, origin, data }: Pick<MessageEvent, "source" | "origin" | "data">): void {
    if (source !== (this.#parts.parent as unknown) || !this.#isAllowed(origin)) return;
    const read = readRequest(data);
    if (read.kind === "foreign") return;
    this.#origin = origin;
    if (read.kind === "wrong") {
      if (read.id !== undefined) this.#refuse(read.id, read.failure);
      return;
    }
    const { message } = read;
    if (this.#pending >= mostPending) {
      this.#refuse(message.id, { kind: "busy", message: `${mostPending} requests are under way already.` });
      return;
    }
    this.#pending += 1;
    void this.#perform(message).finally(() => {
      this.#pending -= 1;
    });
  }

  async #perform({ id, method, params }: Request): Promise<void> {
    try {
      const value = await (this.#parts.actions[method] as (params: unknown) => Promise<unknown>)(params);
      this.#send({ type: "answer", id, value });
    } catch (error) {
      const kind = (error as { kind?: unknown } | null)?.kind === "workerLost" ? "notRunning" : "failed";
      this.#refuse(id, { kind, message: error instanceof Error ? error.message : String(error) });
    }
  }

  #refuse(id: number, failure: EmbedFailure): void {
    this.#send({ type: "refused", id, failure });
  }

  tell<E extends EmbedEvent>(event: E, detail: EmbedEvents[E]): void {
    this.#send({ type: "event", event, detail } as Told);
  }

  #send(message: Told): void {
    if (this.#origin !== undefined) this.#parts.parent.postMessage(written(message), this.#origin);
  }
}
