import { LitElement } from "lit";
import type { App } from "../app.ts";

let current: App | undefined;

/** Called once, before any element is made. */
export function provideApp(app: App): void {
  current = app;
}

/** An element of the page. It renders into light DOM: one set of styles, labels and descriptions across elements. */
export abstract class LightElement extends LitElement {
  /** Not a property: an element that is loaded after it was rendered gets its properties only at its first update. */
  protected get app(): App {
    if (current === undefined) throw new Error("provideApp comes first");
    return current;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
