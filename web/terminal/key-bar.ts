import { html, type TemplateResult } from "lit";
import { LightElement } from "../shell/light-element.ts";

/** What each key sends, in normal cursor mode. */
const keys: readonly { readonly label: string; readonly name: string; readonly send: string }[] = [
  { label: "Esc", name: "Escape", send: "\x1b" },
  { label: "Tab", name: "Tab", send: "\t" },
  { label: "←", name: "Left", send: "\x1b[D" },
  { label: "↑", name: "Up", send: "\x1b[A" },
  { label: "↓", name: "Down", send: "\x1b[B" },
  { label: "→", name: "Right", send: "\x1b[C" },
  { label: "|", name: "Pipe", send: "|" },
  { label: "-", name: "Minus", send: "-" },
  { label: "/", name: "Slash", send: "/" },
];

/** The keys that a touch keyboard lacks, over it on narrow windows. Ctrl holds for the next key. */
export class KeyBar extends LightElement {
  static override properties = { control: { state: true } };
  declare control: boolean;
  #forget: (() => void) | undefined;

  constructor() {
    super();
    this.control = false;
  }

  async #send(text: string): Promise<void> {
    const terminals = await this.app.terminals();
    terminals.type(text);
  }

  /** The next letter from any keyboard becomes its control character. */
  #toggleControl(): void {
    this.control = !this.control;
    this.#forget?.();
    if (!this.control) return;
    const listen = (event: KeyboardEvent): void => {
      if (event.key.length !== 1) return;
      event.preventDefault();
      event.stopPropagation();
      this.#toggleControl();
      void this.#send(String.fromCharCode(event.key.toUpperCase().charCodeAt(0) & 31));
    };
    addEventListener("keydown", listen, { capture: true });
    this.#forget = () => {
      removeEventListener("keydown", listen, { capture: true });
      this.#forget = undefined;
    };
    void this.app.terminals().then((terminals) => terminals.focus());
  }

  protected override render(): TemplateResult {
    return html`<div class="keys" role="toolbar" aria-label="Keys">
      <button aria-pressed=${this.control} @click=${() => this.#toggleControl()}>Ctrl</button>
      ${keys.map((key) => html`<button aria-label=${key.name} @click=${() => void this.#send(key.send)}>${key.label}</button>`)}
    </div>`;
  }
}
customElements.define("dd-key-bar", KeyBar);
