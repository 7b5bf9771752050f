import { render, type TemplateResult } from "lit";

/** A modal dialog that draws itself from a function; it is removed when it closes, and focus returns to where it was. */
export class DrawnDialog {
  readonly element = document.createElement("dialog");
  readonly #draw: (dialog: DrawnDialog) => TemplateResult;

  constructor(labelId: string, draw: (dialog: DrawnDialog) => TemplateResult) {
    this.#draw = draw;
    this.element.setAttribute("aria-labelledby", labelId);
    this.element.addEventListener("close", () => this.element.remove());
    document.body.append(this.element);
    this.redraw();
    this.element.showModal();
  }

  redraw(): void {
    render(this.#draw(this), this.element);
  }

  close(): void {
    this.element.close();
  }
}
