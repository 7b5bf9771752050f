/** One preview at an origin of its own: the frame, and what is said to its bootstrap page. */
import type { App } from "../app.ts";
import { type PreviewName, type PreviewSignal, signalOf } from "./messages.ts";
import { bootstrapPath } from "./origin.ts";

export class FramedPreview {
  readonly port: number;
  readonly origin: string;
  readonly #name: PreviewName;
  readonly frame = document.createElement("iframe");
  path = "/";
  /** The browser lets this origin have no service worker inside our page. */
  unavailable = false;
  readonly #app: App;
  readonly #onChange: () => void;

  constructor(app: App, name: PreviewName, origin: string, onChange: () => void) {
    const { port } = name;
    this.#app = app;
    this.#name = name;
    this.port = port;
    this.origin = origin;
    this.#onChange = onChange;
    this.frame.className = "previewframe";
    this.frame.title = `Preview of port ${port}`;
    // Scripts and storage of its own origin, which is not ours; no way to navigate the whole tab.
    this.frame.setAttribute(
      "sandbox",
      "allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads",
    );
    this.frame.src = this.url;
    addEventListener("message", this.#listen);
  }

  /** The bootstrap page, for the frame and for a window. */
  get url(): string {
    return `${this.origin}${bootstrapPath}`;
  }

  dispose(): void {
    removeEventListener("message", this.#listen);
    this.frame.remove();
  }

  go(step: Omit<Extract<PreviewSignal, { type: "drydock-preview-go" }>, "type">): void {
    this.#tell(this.frame.contentWindow, { type: "drydock-preview-go", ...step });
  }

  openWindow(): void {
    // With an opener, for the window's bootstrap page asks it for the channel, and then gives it up: what runs at that origin
    // could lead this tab elsewhere by it.
    open(this.url, `drydock-preview-${this.port}`);
  }

  #tell(target: Window | null, signal: PreviewSignal, ports: readonly MessagePort[] = []): void {
    target?.postMessage(signal, this.origin, [...ports]);
  }

  readonly #listen = (event: MessageEvent<unknown>): void => {
    if (event.origin !== this.origin) return;
    const signal = signalOf(event.data);
    const source = event.source as Window | null;
    if (signal?.type === "drydock-preview-ready") {
      try {
        const channel = this.#app.bridge.servePreview("127.0.0.1", this.port);
        this.#tell(source, { type: "drydock-preview-channel", path: this.path, preview: this.#name }, [channel]);
      } catch {
        // Without a machine there is nothing to lead to; the frame says that nobody answers.
      }
    } else if (signal?.type === "drydock-preview-unavailable" && source === this.frame.contentWindow) {
      this.unavailable = true;
      this.#onChange();
    } else if (signal?.type === "drydock-preview-at" && source === this.frame.contentWindow) {
      this.path = typeof signal.path === "string" ? signal.path.slice(0, 2000) : "/";
      this.#onChange();
    }
  };
}
