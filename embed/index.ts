/** Importing this defines `<drydock-playground>`. */
import { PlaygroundElement } from "./element.ts";

export { PlaygroundError } from "./connection.ts";
export { PlaygroundElement, type PlaygroundState } from "./element.ts";
export type { EmbedEvent, EmbedEvents, RunResult } from "./protocol.ts";

if (customElements.get("drydock-playground") === undefined)
  customElements.define("drydock-playground", PlaygroundElement);

declare global {
  interface HTMLElementTagNameMap {
    "drydock-playground": PlaygroundElement;
  }
}
