import { html, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import * as actions from "../engine/actions.ts";
import { ago, humanSize, shortId } from "../engine/format.ts";
import type { ImageSummary } from "../engine/types.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { type MenuEntry, openMenu, openRowMenu } from "../shell/menu.ts";
import { formatRoute } from "../shell/router.ts";
import { StoreController } from "../state/store.ts";
import { emptyState } from "./containers.ts";
import { openPrune } from "./prune-dialog.ts";

interface Row {
  readonly image: ImageSummary;
  readonly reference: string;
  readonly repository: string;
  readonly tag: string;
}

/** One row a tag, as `docker images` lists them; an image without one is `<none>`. */
export function imageRows(images: readonly ImageSummary[]): readonly Row[] {
  return images.flatMap((image) => {
    const tags = (image.RepoTags ?? []).filter((tag) => tag !== "<none>:<none>");
    if (tags.length === 0) return [{ image, reference: shortId(image.Id), repository: "<none>", tag: "<none>" }];
    return tags.map((reference) => {
      const colon = reference.lastIndexOf(":");
      return { image, reference, repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
    });
  });
}

export class Images extends LightElement {
  readonly #state = new StoreController(
    this,
    () => this.app.store,
    (state) => state.images,
  );
  readonly #containers = new StoreController(
    this,
    () => this.app.store,
    (state) => state.containers,
  );

  protected override render(): TemplateResult {
    const images = this.#state.value;
    if (images === undefined) return html`<div class="empty"><p>Images appear here when the machine runs.</p></div>`;
    return html`
      <form class="toolbar" @submit=${this.#pull}>
        <input class="input mono" name="reference" aria-label="Image to pull" placeholder="Image, such as redis" required pattern="\\S+" />
        <button class="btn">${icon("download")}Pull</button>
        <span class="spacer"></span>
        <button type="button" class="btn" @click=${() => void import("../offline/kept-dialog.ts").then(({ openKept }) => openKept())}>${icon("disk")}Keep offline</button>
        <button type="button" class="btn" @click=${() => void openPrune(this.app, "image")}>${icon("trash")}Prune</button>
      </form>
      ${images.length === 0 ? emptyState(this.app, "No images yet.", "docker pull nginx") : this.#table(imageRows(images))}`;
  }

  #pull(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const reference = String(new FormData(form).get("reference") ?? "").trim();
    if (reference === "") return;
    form.reset();
    void import("./pull-dialog.ts").then(({ openPull }) => openPull(this.app, reference));
  }

  #table(rows: readonly Row[]): TemplateResult {
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Images">
      <table>
        <thead><tr><th>Repository</th><th>Tag</th><th class="roomy">Image ID</th><th class="roomy">Created</th><th class="right">Size</th><th class="roomy">Used by</th><th><span class="vh">Actions</span></th></tr></thead>
        <tbody>${repeat(
          rows,
          (row) => row.image.Id + row.reference,
          (row) => this.#row(row),
        )}</tbody>
      </table>
    </div>`;
  }

  #row({ image, reference, repository, tag }: Row): TemplateResult {
    const users = (this.#containers.value ?? []).filter((container) => container.ImageID === image.Id).length;
    return html`<tr @contextmenu=${(event: MouseEvent) => openRowMenu(event, reference, this.#entries(reference))}>
      <td><a class="name mono" href=${formatRoute({ view: "images", name: reference })}>${repository}</a></td>
      <td class="mono">${tag}</td>
      <td class="roomy"><span class="mono sub">${shortId(image.Id)}</span></td>
      <td class="roomy" title=${new Date(image.Created * 1000).toLocaleString()}>${ago(image.Created)}</td>
      <td class="num right">${humanSize(image.Size)}</td>
      <td class="roomy">${users === 0 ? html`<span class="sub">none</span>` : `${users} container${users === 1 ? "" : "s"}`}</td>
      <td><span class="act">
        <button class="ib s" aria-label="Run ${reference}" title="Run ${reference}" @click=${() => void import("./run-dialog.ts").then(({ openRun }) => openRun(this.app, reference))}>${icon("play")}</button>
        <a class="ib s" aria-label="Layers of ${reference}" title="Layers of ${reference}" href=${formatRoute({ view: "images", name: reference, tab: "layers" })}>${icon("layers")}</a>
        <button class="ib s" aria-label="More for ${reference}" title="More" aria-haspopup="menu" @click=${(event: MouseEvent) => openMenu(event.currentTarget as HTMLElement, reference, this.#entries(reference))}>${icon("more")}</button>
      </span></td>
    </tr>`;
  }

  async #tag(reference: string): Promise<void> {
    const { askText } = await import("../shell/ask.ts");
    const wish = await askText({
      title: `Another name for ${reference}`,
      label: "Name, such as shop/web:1.0",
      button: "Add",
    });
    if (wish === undefined) return;
    const colon = wish.lastIndexOf(":");
    const tagged = colon > wish.lastIndexOf("/");
    const [repository, tag] = tagged ? [wish.slice(0, colon), wish.slice(colon + 1)] : [wish, "latest"];
    await this.app.perform(actions.tagImage(reference, repository, tag));
  }

  #entries(reference: string): readonly MenuEntry[] {
    return [
      { label: "Layers", icon: "layers", run: () => this.app.go({ view: "images", name: reference, tab: "layers" }) },
      {
        label: "Run",
        icon: "play",
        run: () => void import("./run-dialog.ts").then(({ openRun }) => openRun(this.app, reference)),
      },
      { label: "History", icon: "clock", run: () => this.app.go({ view: "images", name: reference, tab: "history" }) },
      { label: "Inspect", icon: "search", run: () => this.app.go({ view: "images", name: reference, tab: "inspect" }) },
      {
        label: "Pull again",
        icon: "download",
        run: () => void import("./pull-dialog.ts").then(({ openPull }) => openPull(this.app, reference)),
      },
      {
        label: "Add a tag",
        hint: `docker tag ${reference} …`,
        icon: "edit",
        run: () => void this.#tag(reference),
      },
      "separator",
      {
        label: "Remove",
        hint: `docker rmi ${reference}`,
        icon: "trash",
        danger: true,
        run: () => void this.app.perform(actions.removeImage(reference)),
      },
    ];
  }
}
customElements.define("dd-images", Images);
