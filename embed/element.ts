import { type EmbedOptions, openingNames, type PaneChoice, panes, writeEmbedAddress } from "./address.ts";
import { Connection, PlaygroundError } from "./connection.ts";
import { drawPoster, type Poster } from "./poster.ts";
import type { EmbedEvent, EmbedEvents, EmbedMethod, EmbedMethods, RunResult } from "./protocol.ts";

/** How long a first start may take: the machine is a few megabytes over a slow line. */
const patienceMs = 180_000;
/** "Far out of view": so many heights of the window above or below it. */
const farMargin = "200% 0px";
const restMs = 5_000;

export type PlaygroundState = "idle" | "starting" | "running" | "stopped" | "failed";

/**
 * `<drydock-playground>`: a machine with Docker in a frame of the page. It costs nothing until it is started, by a click or by
 * {@link start}, and it stops when it has been scrolled far out of view, unless `keep-running` says otherwise.
 *
 * Attributes: `src` (the playground's site), `lesson`, `link`, `recipe`, `stack`, `image` with `cmd`, `gist` (what is opened), `theme`,
 * `panels`, `start="now"`, `readonly`, `auto-height`, `keep`, `label`, `keep-running`.
 */
export class PlaygroundElement extends HTMLElement {
  /** Where playgrounds come from when an element has no `src`. */
  static site: string | undefined;

  readonly #listeners = new Map<EmbedEvent, Set<(detail: never) => void>>();
  readonly #root: ShadowRoot;
  readonly #poster: Poster;
  #frame: HTMLIFrameElement | undefined;
  #connection: Connection | undefined;
  #started: Promise<void> | undefined;
  #fail: (error: PlaygroundError) => void = () => {};
  #forgetStart: () => void = () => {};
  #state: PlaygroundState = "idle";
  #far: IntersectionObserver | undefined;
  #farTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    this.#poster = drawPoster(this.#root, () => void this.start().catch(() => {}));
  }

  get state(): PlaygroundState {
    return this.#state;
  }

  connectedCallback(): void {
    this.#poster.show(this.getAttribute("label") ?? "Docker playground", "Start");
    if (this.getAttribute("start") === "now") void this.start().catch(() => {});
    this.#far = new IntersectionObserver((entries) => this.#seen(entries.at(-1)?.isIntersecting === true), {
      rootMargin: farMargin,
    });
    this.#far.observe(this);
  }

  disconnectedCallback(): void {
    this.#far?.disconnect();
    clearTimeout(this.#farTimer);
    this.stop();
  }

  #seen(near: boolean): void {
    clearTimeout(this.#farTimer);
    if (near || this.#frame === undefined || this.hasAttribute("keep-running")) return;
    this.#farTimer = setTimeout(() => this.#end("stopped", "It was far out of view."), restMs);
  }

  /** Starts the machine, or waits for the start that is under way. */
  start(): Promise<void> {
    if (this.#started !== undefined) return this.#started;
    const started = new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      const unsubscribe = this.on("ready", () => {
        unsubscribe();
        clearTimeout(timer);
        this.#state = "running";
        resolve();
      });
      const timer = setTimeout(
        () => this.#end("failed", `The playground has not started within ${patienceMs / 1000} seconds.`, "timeout"),
        patienceMs,
      );
      this.#forgetStart = () => {
        unsubscribe();
        clearTimeout(timer);
      };
    });
    this.#started = started;
    started.catch(() => {});
    try {
      this.#open();
    } catch (error) {
      this.#end("failed", error instanceof Error ? error.message : String(error), "invalid");
    }
    return started;
  }

  #open(): void {
    const site = this.#site();
    const frame = document.createElement("iframe");
    frame.title = this.getAttribute("label") ?? "Docker playground";
    frame.allow = "clipboard-read; clipboard-write; fullscreen";
    frame.referrerPolicy = "no-referrer";
    frame.src = writeEmbedAddress(site, this.#options(), this.#opening());
    this.#state = "starting";
    this.#poster.hide();
    this.#frame = frame;
    this.#root.append(frame);
    this.#connection = new Connection({
      frame: frame.contentWindow as Window,
      origin: new URL(site).origin,
      onEvent: (event, detail) => this.#tell(event, detail),
    });
  }

  #site(): string {
    const src = this.getAttribute("src") ?? PlaygroundElement.site;
    if (src === undefined)
      throw new Error("<drydock-playground> needs the attribute src: the address of the playground's site.");
    const url = new URL(src, document.baseURI);
    if (url.protocol !== "https:" && url.protocol !== "http:")
      throw new Error("The attribute src of <drydock-playground> must be an http or https address.");
    return url.href;
  }

  #options(): Partial<EmbedOptions> {
    const theme = this.getAttribute("theme");
    const panels = this.getAttribute("panels");
    const keep = this.getAttribute("keep");
    const label = this.getAttribute("label");
    return {
      start: "now",
      readOnly: this.hasAttribute("readonly"),
      height: this.hasAttribute("auto-height"),
      ...(theme === "light" || theme === "dark" ? { theme } : {}),
      ...(panels === null ? {} : { panels: panels.split(/[\s,]+/).filter(isPane) }),
      ...(keep === null ? {} : { keep }),
      ...(label === null ? {} : { title: label }),
      // A page without an origin of its own (a file, a sandbox) cannot be named.
      ...(location.origin === "null" ? {} : { origin: location.origin }),
    };
  }

  #opening(): Record<string, string> {
    return Object.fromEntries(
      [...openingNames, "link"].flatMap((name) => {
        const value = this.getAttribute(name);
        return value === null ? [] : [[name, value]];
      }),
    );
  }

  #tell<E extends EmbedEvent>(event: E, detail: EmbedEvents[E]): void {
    if (event === "failed") this.#end("failed", (detail as EmbedEvents["failed"]).message);
    if (event === "stopped") this.#end("stopped", (detail as EmbedEvents["stopped"]).reason);
    if (event === "height" && this.hasAttribute("auto-height") && this.#frame !== undefined)
      this.style.height = `${Math.min(Math.max((detail as EmbedEvents["height"]).height, 160), 2000)}px`;
    this.#emit(event, detail);
  }

  #emit<E extends EmbedEvent>(event: E, detail: EmbedEvents[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(detail as never);
    this.dispatchEvent(new CustomEvent(`playground-${event}`, { detail }));
  }

  /** Ends the machine and gives its memory back. What is not kept (`keep`) is gone. */
  stop(): void {
    if (this.#frame !== undefined) this.#end("stopped", "It was stopped.");
  }

  #end(state: "stopped" | "failed", reason: string, kind: PlaygroundError["kind"] = "failed"): void {
    this.#forgetStart();
    const had = this.#frame !== undefined;
    this.#frame?.remove();
    this.#connection?.close(reason);
    this.#fail(new PlaygroundError({ kind: state === "stopped" ? "notRunning" : kind, message: reason }));
    this.#frame = undefined;
    this.#connection = undefined;
    this.#started = undefined;
    this.#state = state;
    this.#poster.show(reason, state === "failed" ? "Try again" : "Start again");
    if (state === "stopped" && had) this.#emit("stopped", { reason });
  }

  async #ask<M extends EmbedMethod>(method: M, params: EmbedMethods[M]["params"]): Promise<EmbedMethods[M]["result"]> {
    await this.start();
    if (this.#connection === undefined)
      throw new PlaygroundError({ kind: "notRunning", message: "The playground is not running." });
    return await this.#connection.ask(method, params);
  }

  /** Runs a shell line in the workspace, outside the terminal, and answers what it printed. Starts the machine when it is not running. */
  run(line: string): Promise<RunResult> {
    return this.#ask("run", { line });
  }
  /** Types a line into the terminal, where the reader sees it run. */
  async type(line: string): Promise<void> {
    await this.#ask("type", { line });
  }
  /** Writes a file of the workspace, with the folders on the way to it. */
  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    await this.#ask("writeFile", { path, content });
  }
  readFile(path: string): Promise<Uint8Array>;
  readFile(path: string, encoding: "utf-8"): Promise<string>;
  async readFile(path: string, encoding?: "utf-8"): Promise<Uint8Array | string> {
    const bytes = await this.#ask("readFile", { path });
    return encoding === undefined ? bytes : new TextDecoder().decode(bytes);
  }
  /** Opens a lesson of the site (TRACK/LESSON) or of any address (`https://…/lesson.yaml`). */
  async openLesson(lesson: string): Promise<void> {
    await this.#ask("openLesson", { lesson });
  }
  /** Keeps the machine as it is now, and answers the name to come back by. It lives as long as the machine. */
  checkpoint(label = "checkpoint"): Promise<string> {
    return this.#ask("checkpoint", { label });
  }
  async restore(checkpoint: string): Promise<void> {
    await this.#ask("restore", { checkpoint });
  }

  /** Listens until the function that it answers is called. The same events come as `playground-…` DOM events. */
  on<E extends EmbedEvent>(event: E, listener: (detail: EmbedEvents[E]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener as (detail: never) => void);
    return () => listeners.delete(listener as (detail: never) => void);
  }
}

const isPane = (name: string): name is PaneChoice => (panes as readonly string[]).includes(name);
