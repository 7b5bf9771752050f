/**
 * The page's services in one place: the store, the machine's bridge, the mirror, actions and their log. Elements get it
 * as a property and stay dumb; nothing in here touches the DOM but the address and the live region.
 */
import { BridgeError, type CheckpointInfo, type StartProgress, toWireError } from "../worker/protocol/index.ts";
import { Bridge } from "./bridge/client.ts";
import { createWorker } from "./bridge/worker-factory.ts";
import type { Action } from "./engine/actions.ts";
import { Engine, errorText } from "./engine/engine.ts";
import { containerName, shellLine } from "./engine/format.ts";
import type { EventMessage } from "./engine/types.ts";
import { startOffline } from "./offline/updates.ts";
import type { Playgrounds } from "./playgrounds/playgrounds.ts";
import { Announcer } from "./shell/announcer.ts";
import { announce } from "./shell/live-region.ts";
import { formatRoute, type LessonWords, parseRoute, type Route, titleOf } from "./shell/router.ts";
import { wayIn } from "./shell/ways-in.ts";
import { AutoCheckpoints } from "./state/auto-checkpoints.ts";
import { CommandLog } from "./state/command-log.ts";
import { followEngine } from "./state/follow-engine.ts";
import { createPageStore, type PageStore, type Toast } from "./state/page-state.ts";
import { addressOf, lessonsPlayground } from "./state/playground.ts";
import { holdPlayground } from "./state/playground-lock.ts";
import { rememberBy, rememberHere } from "./state/settings.ts";
import type { Disposable } from "./state/store.ts";
import type { Terminals } from "./terminal/terminals.ts";

export interface AppOptions {
  /** Whose containers and files these are: the name of a folder in the browser's storage. Nothing is kept without one. */
  readonly playground: string | undefined;
  /** The editor shows files and changes none. */
  readonly readOnly: boolean;
  /** Lessons begin here, and not in a playground of their own. */
  readonly lessonsHere: boolean;
}

export class App {
  readonly store: PageStore;
  readonly options: AppOptions;
  /** How often the machine has been started: what showed the one before is made anew. */
  starts = 0;
  #bridge: Bridge | undefined;
  #engine: Engine | undefined;
  #terminals: Promise<Terminals> | undefined;
  #playgrounds: Promise<Playgrounds> | undefined;
  #auto: AutoCheckpoints | undefined;
  #nextId = 1;
  readonly #commands: CommandLog;
  readonly #announcer = new Announcer(announce, (ms, work) => setTimeout(work, ms));
  readonly #eventListeners = new Set<(event: EventMessage) => void>();

  constructor(options: AppOptions) {
    this.options = options;
    rememberBy(options.playground);
    const way = location.hash === "" ? wayIn(location.search) : undefined;
    if (way !== undefined) history.replaceState(null, "", way);
    this.store = createPageStore(parseRoute(location.hash));
    this.#commands = new CommandLog(this.store);
    addEventListener("hashchange", () => this.#arrive());
    this.#arrive();
  }

  // ---------------------------------------------------------------- places

  #arrive(): void {
    const route = parseRoute(location.hash);
    if (route.view === "lesson" && !this.options.lessonsHere && this.options.playground !== lessonsPlayground) {
      void this.#leaveFor(addressOf(lessonsPlayground, formatRoute(route)));
      return;
    }
    this.store.set({ route, ...(route.view === "lesson" ? { lesson: route.name } : {}) });
    document.title = titleOf(route, this.store.state.lessonWords);
    if (route.view === "home" || route.view === "notFound") return;
    if (route.view === "link") {
      // While a person reads what it would do, the machine starts that it would run on. Nothing of the link has a part in that.
      if (looksWhole(route.fragment)) void this.startMachine({ engineAtOnce: true });
      return;
    }
    rememberHere("lastPlace", formatRoute(route));
    if (this.store.state.machine.kind === "off") void this.startMachine();
  }

  /** The open lesson has been read: the head, the title and the first page name it. */
  tellLesson(words: LessonWords): void {
    this.store.set({ lessonWords: words });
    document.title = titleOf(this.store.state.route, words);
    rememberHere("lastLesson", words);
  }

  go(route: Route): void {
    location.hash = formatRoute(route);
  }

  /** To the lessons' playground. What runs here would stop with the page: then a person decides. */
  async #leaveFor(lesson: string): Promise<void> {
    const running = (this.store.state.containers ?? []).filter(({ State }) => State === "running").map(containerName);
    if (this.store.state.machine.kind !== "running" || running.length === 0) {
      location.replace(lesson);
      return;
    }
    const { route } = this.store.state;
    history.replaceState(null, "", formatRoute(route));
    (await import("./lessons/leave.ts")).askToLeave(lesson, running);
  }

  // ---------------------------------------------------------------- machine

  get bridge(): Bridge {
    if (this.#bridge === undefined || this.#bridge.lost.aborted)
      throw new BridgeError({ kind: "workerLost", message: "The machine is not running." });
    return this.#bridge;
  }
  get engine(): Engine {
    void this.bridge;
    return this.#engine as Engine;
  }

  /** Resolves when the machine runs; rejects when its start has failed. */
  machineRunning(): Promise<void> {
    return new Promise((resolve, reject) => {
      let subscription: Disposable | undefined;
      const look = (): boolean => {
        const { machine } = this.store.state;
        if (machine.kind === "running") resolve();
        else if (machine.kind === "failed" || machine.kind === "lost") reject(new BridgeError(machine.error));
        else return false;
        subscription?.dispose();
        return true;
      };
      if (!look()) subscription = this.store.subscribe(look);
    });
  }

  /** Starts the machine, or starts it again after a failure or a loss. */
  async startMachine(
    options: {
      readonly takeOver?: boolean;
      readonly from?: CheckpointInfo;
      /** Docker lines are what it is started for. */
      readonly engineAtOnce?: boolean;
    } = {},
  ): Promise<void> {
    const { kind } = this.store.state.machine;
    if (kind === "starting" || kind === "running") return;
    this.store.set({ machine: { kind: "starting", progress: {} } });
    try {
      if (typeof WebAssembly !== "object")
        throw new BridgeError({
          kind: "unsupported",
          message: "This browser runs no WebAssembly, which the machine is made of. Allow it, or use another browser.",
        });
      const { playground } = this.options;
      const lock = await holdPlayground({ playground, steal: options.takeOver === true });
      if (lock === undefined) {
        this.store.set({ machine: { kind: "elsewhere" } });
        return;
      }
      const bridge = new Bridge(createWorker());
      this.#bridge = bridge;
      this.#engine = new Engine(bridge);
      bridge.onBusy = (busy) => this.store.set({ busy });
      lock.taken.addEventListener("abort", () => bridge.lose("Another tab has taken this playground over."));
      bridge.lost.addEventListener("abort", () => lock.release(), { once: true });
      bridge.lost.addEventListener("abort", () => this.#onLost(bridge), { once: true });
      const terminals = this.terminals();
      const { from, engineAtOnce } = options;
      const report = await bridge.start({
        playground: playground ?? "",
        ...(from === undefined ? {} : { from: { kind: "stored" as const, id: from.id } }),
        ...(engineAtOnce === undefined ? {} : { engineAtOnce }),
        onProgress: (progress) => this.#onProgress(progress),
        onNotice: (text) => this.toast({ kind: "warning", text }),
      });
      this.starts += 1;
      this.store.set({ busy: false });
      this.store.set({ machine: { kind: "running", report } });
      (await terminals).machineStarted();
      const auto = report.durable ? this.#keepCheckpoints(bridge) : undefined;
      followEngine(bridge, this.store, {
        onEvent: (event) => this.#onEvent(event),
        onFirstList: () => from && this.#tellBack(from),
      }).catch((error: unknown) =>
        this.toast({ kind: "bad", text: `The panels cannot follow the engine: ${errorText(error)}` }),
      );
      if (auto !== undefined) bridge.lost.addEventListener("abort", () => auto.dispose(), { once: true });
      void startOffline(this, report.usedFiles ?? []);
      if (playground !== undefined && report.durable) void this.playgrounds().then((all) => all.touch(playground));
    } catch (error) {
      const bridge = this.#bridge;
      // Failed, not lost: the bridge is let go first, so that its end is not reported as one.
      this.#bridge = undefined;
      bridge?.lose("The start failed.");
      this.store.set({ machine: { kind: "failed", error: toWireError(error) } });
    }
  }

  /** Shuts the machine down, so that its storage is free. */
  async shutDown(): Promise<void> {
    if (this.store.state.machine.kind !== "running") return;
    const bridge = this.bridge;
    // Shut down, not lost: the bridge is let go first, so that its end is not reported as one.
    this.#bridge = undefined;
    this.store.set({ machine: { kind: "off" } });
    await bridge.stop();
  }

  #onProgress(progress: StartProgress): void {
    const { machine } = this.store.state;
    if (machine.kind !== "starting") return;
    this.store.set({
      machine: { kind: "starting", progress: { ...machine.progress, [progress.stage]: progress } },
    });
  }

  #onLost(bridge: Bridge): void {
    if (bridge !== this.#bridge || this.store.state.machine.kind !== "running") return;
    const error = toWireError(bridge.lost.reason);
    this.store.set({ machine: { kind: "lost", error, checkpoint: this.#auto?.last } });
    announce(`The machine stopped. ${error.message}`);
    void this.#terminals?.then((terminals) => terminals.machineLost());
  }

  #keepCheckpoints(bridge: Bridge): AutoCheckpoints {
    const auto = new AutoCheckpoints({
      keeper: bridge,
      running: () => (this.store.state.containers ?? []).filter(({ State }) => State === "running").length,
      clock: {
        now: () => performance.now(),
        after: (ms, work) => {
          const timer = setTimeout(work, ms);
          return () => clearTimeout(timer);
        },
      },
    });
    this.#auto = auto;
    return auto;
  }

  /** What came back with a checkpoint. */
  #tellBack({ at }: CheckpointInfo): void {
    const running = (this.store.state.containers ?? []).filter(({ State }) => State === "running").map(containerName);
    const what = running.length === 0 ? "no container ran then" : `running again: ${running.join(", ")}`;
    this.toast({ kind: "info", text: `Back at the checkpoint of ${new Date(at).toLocaleTimeString()}: ${what}.` });
  }

  #onEvent(event: EventMessage): void {
    this.#auto?.onEvent(event);
    const name = event.Actor.Attributes.name;
    if (event.Type === "container" && name !== undefined) {
      if (event.Action === "start") this.#announcer.tell("started", `${name} started.`);
      if (event.Action === "die")
        this.#announcer.tell("ended", `${name} ended with exit code ${event.Actor.Attributes.exitCode ?? "unknown"}.`);
    }
    for (const listener of this.#eventListeners) listener(event);
  }

  onEngineEvent(listener: (event: EventMessage) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  // ---------------------------------------------------------------- playgrounds

  playgrounds(): Promise<Playgrounds> {
    this.#playgrounds ??= import("./playgrounds/playgrounds.ts").then(({ Playgrounds }) => new Playgrounds(this));
    return this.#playgrounds;
  }

  // ---------------------------------------------------------------- terminals

  /** The terminals' code comes with the machine, not with the page. */
  terminals(): Promise<Terminals> {
    this.#terminals ??= import("./terminal/terminals.ts").then(({ Terminals }) => new Terminals(this));
    return this.#terminals;
  }

  /** Types a line into the terminal that is in front, and runs it. */
  async runInTerminal(line: string): Promise<void> {
    if (this.store.state.route.view === "home") this.go({ view: "playground" });
    if (line.startsWith("docker ")) this.#commands.note(line);
    (await this.terminals()).type(`${line}\r`);
  }

  async openShell(container: string): Promise<void> {
    this.#commands.note(shellLine(container));
    (await this.terminals()).open({ title: container, container });
  }

  // ---------------------------------------------------------------- actions

  /** Does it, and writes the docker line it stands for into the command log. */
  async perform(action: Action): Promise<boolean> {
    const settle = this.#commands.begin(action.line);
    try {
      await action.run(this.engine);
      settle("done");
      return true;
    } catch (error) {
      settle("failed", errorText(error));
      this.toast({ kind: "bad", text: `${action.line}: ${errorText(error)}` });
      return false;
    }
  }

  toast(toast: Omit<Toast, "id">): void {
    // What stands there already is not said twice.
    if (this.store.state.toasts.some(({ text, kind }) => text === toast.text && kind === toast.kind)) return;
    const id = this.#nextId++;
    this.store.set({ toasts: [...this.store.state.toasts.slice(-4), { ...toast, id }] });
    if (toast.kind === "bad") announce(toast.text);
    else if (toast.lasting !== true) setTimeout(() => this.dismiss(id), 8000);
  }

  dismiss(id: number): void {
    this.store.set({ toasts: this.store.state.toasts.filter((toast) => toast.id !== id) });
  }

  async copy(text: string, what: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      announce(`${what} copied.`);
    } catch {
      this.toast({
        kind: "bad",
        text: "The browser does not let this page write to the clipboard. Select the text and copy it.",
      });
    }
  }

  nameOf(id: string): string {
    const container = this.store.state.containers?.find((each) => each.Id === id);
    return container === undefined ? id.slice(0, 12) : containerName(container);
  }
}

/** A link with its content in it; whether it can be opened is known when it was read. */
const looksWhole = (fragment: string): boolean => /^#v1\.[\w-]+$/.test(fragment);
