import { html, type TemplateResult } from "lit";
import { containerName, publishedPorts } from "../engine/format.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { formatRoute } from "../shell/router.ts";
import { StoreController } from "../state/store.ts";
import { emptyState, openPreview } from "./containers.ts";

/** What is published on the machine, and to which container it leads. */
export class Ports extends LightElement {
  readonly #containers = new StoreController(
    this,
    () => this.app.store,
    (state) => state.containers,
  );

  protected override render(): TemplateResult {
    const ports = publishedPorts(this.#containers.value ?? []);
    if (ports.length === 0)
      return emptyState(this.app, "No container publishes a port.", "docker run -d -p 8080:80 --name web nginx");
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Published ports"><table>
      <thead><tr><th>Port</th><th>Leads to</th><th class="roomy">Image</th><th><span class="vh">Actions</span></th></tr></thead>
      <tbody>${ports.map(({ port, container }) => {
        const name = containerName(container);
        const inside = container.Ports?.find(({ PublicPort }) => PublicPort === port)?.PrivatePort;
        return html`<tr>
          <td class="mono">localhost:${port}</td>
          <td><a href=${formatRoute({ view: "containers", name })}>${name}</a> <span class="mono sub">:${inside}</span></td>
          <td class="mono roomy">${container.Image}</td>
          <td><span class="act"><button class="btn s" @click=${() => openPreview(this.app, port)}>${icon("out")}Preview ${port}</button></span></td>
        </tr>`;
      })}</tbody>
    </table></div>`;
  }
}
customElements.define("dd-ports", Ports);
