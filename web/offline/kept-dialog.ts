/** The catalogue's images with their sizes, and which of them are kept for when there is no network. */

import { html, nothing, type TemplateResult } from "lit";
import { errorText } from "../engine/engine.ts";
import { spacedSize } from "../engine/format.ts";
import { DrawnDialog } from "../panels/dialog.ts";
import { icon } from "../shell/icons.ts";
import { announce } from "../shell/live-region.ts";
import { type CatalogueImage, catalogueImages, dropImage, keepImage, keptImages, latestOf } from "./kept-images.ts";

export function openKept(): void {
  let images: readonly CatalogueImage[] = [];
  let kept: ReadonlySet<string> = new Set();
  let failure: string | undefined;
  /** Bytes so far, of images on their way. */
  const arriving = new Map<string, number>();
  const look = async (): Promise<void> => {
    try {
      [images, kept] = [await catalogueImages(), await keptImages()];
    } catch (error) {
      failure = errorText(error);
    }
    dialog.redraw();
  };
  const keep = async (name: string): Promise<void> => {
    failure = undefined;
    const tell = (bytes: number): void => {
      arriving.set(name, bytes);
      dialog.redraw();
    };
    tell(0);
    try {
      // Asked for by a person: the browser should not clear it away when it runs short.
      await navigator.storage?.persist?.();
      await keepImage(name, tell);
      announce(`${shortName(name)} is kept offline.`);
    } catch (error) {
      const full = error instanceof DOMException && error.name === "QuotaExceededError";
      failure = full
        ? `${shortName(name)} does not fit: the browser's storage for this site is full. Remove playgrounds or kept images.`
        : `${shortName(name)}: ${errorText(error)}`;
      await dropImage(name);
    }
    arriving.delete(name);
    await look();
  };
  const drop = async (name: string): Promise<void> => {
    await dropImage(name);
    await look();
  };

  const row = (image: CatalogueImage): TemplateResult => {
    const { name, description } = image;
    const size = latestOf(image)?.size ?? 0;
    const bytes = arriving.get(name);
    const isKept = kept.has(name);
    return html`<tr>
      <td class="wraps"><span class="mono">${shortName(name)}</span><br /><span class="sub">${description}</span></td>
      <td class="num right">${spacedSize(size)}</td>
      <td class="right">${
        bytes !== undefined
          ? html`<span class="sub num" role="status">${spacedSize(bytes)} …</span>`
          : html`<button type="button" class="btn s" aria-pressed=${isKept} aria-label="Keep ${shortName(name)} offline, ${spacedSize(size)}"
              @click=${() => void (isKept ? drop(name) : keep(name))}>${icon(isKept ? "check" : "download")}${isKept ? "Kept" : "Keep offline"}</button>`
      }</td></tr>`;
  };
  const draw = (): TemplateResult => html`<form method="dialog">
    <div class="dhead"><h2 id="kept-title">Images for when there is no network</h2>
      <p class="sub">The page, the machine, hello-world, busybox and debian are kept in any case. What was pulled is in its playground.</p></div>
    <div class="dbody">
      ${failure === undefined ? nothing : html`<div class="note warn" role="alert">${icon("warn")}<p>${failure}</p></div>`}
      <table class="plain"><thead><tr><th>Image</th><th class="right">Size</th><th><span class="vh">Keep offline</span></th></tr></thead>
      <tbody>${images.map(row)}</tbody></table>
    </div>
    <div class="dfoot"><button class="btn" autofocus>Close</button></div>
  </form>`;
  const dialog = new DrawnDialog("kept-title", draw);
  void look();
}

const shortName = (name: string): string => name.replace(/^library\//, "");
