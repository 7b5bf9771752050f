import { LitElement } from "lit";
import { clampSize, type PaneName, paneRanges, storeSize } from "./layout.ts";

/** The handle between two panes. Drag it, move it by arrow keys (8 px, with Shift 64), double click or Enter resets. */
export class Divider extends LitElement {
  static override properties = {
    pane: {},
    label: {},
    size: { type: Number },
    /** The pane lies before the divider (left of it, above it). */
    leading: { type: Boolean },
  };
  declare pane: PaneName;
  declare label: string;
  declare size: number;
  declare leading: boolean;

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.tabIndex = 0;
    this.setAttribute("role", "separator");
    this.addEventListener("pointerdown", this.#drag);
    this.addEventListener("keydown", this.#key);
    this.addEventListener("dblclick", this.#reset);
  }

  override disconnectedCallback(): void {
    this.removeEventListener("pointerdown", this.#drag);
    this.removeEventListener("keydown", this.#key);
    this.removeEventListener("dblclick", this.#reset);
    super.disconnectedCallback();
  }

  protected override updated(): void {
    const { min, max } = paneRanges[this.pane];
    this.setAttribute("aria-label", this.label);
    this.setAttribute("aria-valuemin", String(min));
    this.setAttribute("aria-valuemax", String(max));
    this.setAttribute("aria-valuenow", String(this.size));
  }

  get #vertical(): boolean {
    return this.getAttribute("aria-orientation") === "vertical";
  }

  #move(size: number): void {
    const available = this.#vertical ? innerWidth : innerHeight;
    const clamped = clampSize(this.pane, size, available);
    storeSize(this.pane, clamped);
    this.dispatchEvent(new CustomEvent("resize-pane", { bubbles: true, detail: { pane: this.pane, size: clamped } }));
  }

  readonly #reset = (): void => this.#move(paneRanges[this.pane].start);

  readonly #key = (event: KeyboardEvent): void => {
    const step = event.shiftKey ? 64 : 8;
    const direction = this.leading ? 1 : -1;
    const keys = this.#vertical ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    if (event.key === keys[0]) this.#move(this.size - step * direction);
    else if (event.key === keys[1]) this.#move(this.size + step * direction);
    else if (event.key === "Enter") this.#reset();
    else return;
    event.preventDefault();
  };

  readonly #drag = (down: PointerEvent): void => {
    if (down.button !== 0) return;
    down.preventDefault();
    this.setPointerCapture(down.pointerId);
    this.dataset.dragging = "";
    const from = this.#vertical ? down.clientX : down.clientY;
    const size = this.size;
    const move = (event: PointerEvent): void => {
      const delta = (this.#vertical ? event.clientX : event.clientY) - from;
      this.#move(size + (this.leading ? delta : -delta));
    };
    const end = (): void => {
      delete this.dataset.dragging;
      this.removeEventListener("pointermove", move);
    };
    this.addEventListener("pointermove", move);
    this.addEventListener("lostpointercapture", end, { once: true });
  };
}
customElements.define("dd-divider", Divider);
