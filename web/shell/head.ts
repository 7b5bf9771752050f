import { html, nothing, type TemplateResult } from "lit";
import { defaultPlayground } from "../../worker/protocol/index.ts";
import { StoreController } from "../state/store.ts";
import { icon, logo } from "./icons.ts";
import { LightElement } from "./light-element.ts";
import { openMenu } from "./menu.ts";
import { formatRoute, placeOf, type Route } from "./router.ts";
import { chooseTheme, prefers, type ThemeChoice, themeChoice, togglePreference } from "./theme.ts";

export class Head extends LightElement {
  readonly #route = new StoreController(
    this,
    () => this.app.store,
    (state) => state.route,
  );
  readonly #playgrounds = new StoreController(
    this,
    () => this.app.store,
    (state) => state.playgrounds,
  );

  readonly #lessonWords = new StoreController(
    this,
    () => this.app.store,
    (state) => state.lessonWords,
  );

  /** Where one is: the playground when it is not the usual one, the place, the thing in it. */
  #crumb(route: Route): TemplateResult | typeof nothing {
    if (route.view === "home") return nothing;
    // A lesson is in the lessons' playground, which needs no saying.
    const name = route.view === "lesson" ? undefined : this.#playground();
    const { place, item } = placeOf(route, this.#lessonWords.value);
    const steps: readonly { readonly text: string; readonly href: string }[] = [
      ...(name === undefined ? [] : [{ text: name, href: "#/playground" }]),
      ...(name !== undefined && route.view === "playground"
        ? []
        : // The way up from a lesson is the shelf on the first page.
          [{ text: place, href: route.view === "lesson" ? "#/" : formatRoute({ view: route.view } as Route) }]),
      ...(item === undefined ? [] : [{ text: item, href: "" }]),
    ];
    return html`<nav class="crumb" aria-label="Place">${steps.map(({ text, href }, index) =>
      index === steps.length - 1
        ? html`<b title=${text}>${text}</b>`
        : html`<a href=${href} title=${text}>${text}</a>${icon("right")}`,
    )}</nav>`;
  }

  #playground(): string | undefined {
    const { playground } = this.app.options;
    if (playground === undefined || playground === defaultPlayground) return undefined;
    return this.#playgrounds.value.list.find(({ id }) => id === playground)?.name ?? playground;
  }

  #themeMenu(event: Event): void {
    const choices: readonly [ThemeChoice, string][] = [
      ["system", "As the system"],
      ["light", "Light"],
      ["dark", "Dark"],
    ];
    openMenu(event.currentTarget as HTMLElement, "Theme", [
      ...choices.map(([choice, label]) => ({
        label,
        checked: themeChoice() === choice,
        run: () => chooseTheme(choice),
      })),
      "separator",
      { label: "High contrast", checked: prefers("contrast"), run: () => togglePreference("contrast") },
      { label: "Less motion", checked: prefers("motion"), run: () => togglePreference("motion") },
    ]);
  }

  protected override render(): TemplateResult {
    const route = this.#route.value;
    return html`<header class="head">
      <a class="brand" href="#/" aria-label="Drydock, home">${logo}<span>Drydock</span></a>
      ${this.#crumb(route)}
      <span class="grow"></span>
      <button class="cmdk" @click=${() => this.dispatchEvent(new CustomEvent("open-palette", { bubbles: true }))}>
        ${icon("search")}<span class="grow" style="text-align: left">Search or run</span><span aria-hidden="true"><kbd>Ctrl</kbd> <kbd>K</kbd></span>
      </button>
      ${route.view === "home" ? nothing : html`<button class="btn" @click=${() => void import("../lessons/share.ts").then(({ openShare }) => openShare(this.app))}>${icon("share")}Share</button>`}
      <button class="ib" aria-label="Theme" title="Theme" aria-haspopup="menu" @click=${this.#themeMenu}>${icon("sun")}</button>
    </header>`;
  }
}
customElements.define("dd-head", Head);
