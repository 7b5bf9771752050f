import { html, type TemplateResult } from "lit";
import { LightElement } from "../shell/light-element.ts";
import { arrowSequence } from "./key-sequences.ts";

interface Key {
  readonly label: string;
  readonly name: string;
  /** What it sends; of an arrow the letter that ends its sequence. */
  readonly send: string;
  readonly arrow?: true;
}

const keys: readonly Key[] = [
  { label: "Esc", name: "Escape", send: "\x1b" },
  { label: "Tab", name: "Tab", send: "\t" },
  { label: "←", name: "Left", send: "D", arrow: true },
  { label: "↑", name: "Up", send: "A", arrow: true },
  { label: "↓", name: "Down", send: "B", arrow: true },
  { label: "→", name: "Right", send: "C", arrow: true },
  { label: "|", name: "Pipe", send: "|" },
  { label: "-", name: "Minus", send: "-" },
  { label: "/", name: "Slash", send: "/" },
];

/** The keys that a touch keyboard lacks, over it on narrow windows. Ctrl holds for the next key. */
export class KeyBar extends LightElement {
  static override properties = { control: { state: true } };
  declare control: boolean;

  constructor() {
    super();
    this.control = false;
  }

  async #send({ send, arrow }: Key): Promise<void> {
    const terminals = await this.app.terminals();
    const { applicationCursorKeysMode: application } = terminals.target().terminal.modes;
    terminals.type(arrow === true ? arrowSequence(send, { application, control: this.control }) : send);
    if (this.control) await this.#hold(false);
  }

  async #hold(control: boolean): Promise<void> {
    this.control = control;
    const terminals = await this.app.terminals();
    const used = (): void => {
      this.control = false;
    };
    terminals.holdControl(control ? used : undefined);
    terminals.focus();
  }

  protected override render(): TemplateResult {
    // A touched key leaves the focus, and with it the keyboard on the screen, where it is.
    const keep = (event: Event): void => event.preventDefault();
    return html`<div class="keys" role="toolbar" aria-label="Keys" @pointerdown=${keep} @mousedown=${keep}>
      <button aria-pressed=${this.control} @click=${() => void this.#hold(!this.control)}>Ctrl</button>
      ${keys.map((key) => html`<button aria-label=${key.name} @click=${() => void this.#send(key)}>${key.label}</button>`)}
    </div>`;
  }
}
customElements.define("dd-key-bar", KeyBar);
