/** One network in words: what it is, and who stands on it under which address and names. */
import { html, nothing, type TemplateResult } from "lit";
import type { App } from "../app.ts";
import { icon } from "../shell/icons.ts";
import { formatRoute } from "../shell/router.ts";
import type { MapNetwork, NetworkMap } from "./network-model.ts";

export function networkDetail(app: App, network: MapNetwork, { containers }: NetworkMap): TemplateResult {
  const members = containers.filter(({ name }) => network.members.includes(name));
  const line = `docker network inspect ${network.name}`;
  return html`<section class="card" aria-labelledby="network-name">
    <div class="row"><h2 class="grow" id="network-name">${network.name}</h2>
      <button class="btn s" title=${line} @click=${() => void app.runInTerminal(line)}>${icon("play")}Inspect</button>
      <a class="ib s" href="#/networks" aria-label="Close ${network.name}" title="Close">${icon("close")}</a></div>
    <dl class="kv">
      <dt>Driver</dt><dd>${network.driver}${network.internal ? ", internal: no way out of it" : nothing}</dd>
      <dt>Subnet</dt><dd class="mono s">${network.subnet === "" ? "none" : network.subnet}</dd>
      <dt>Gateway</dt><dd class="mono s">${network.gateway === "" ? "none" : network.gateway}</dd>
      <dt>Names</dt><dd>${network.resolves ? "Containers find each other by name and alias." : "No names are resolved here: only addresses lead anywhere."}</dd>
    </dl>
    ${
      members.length === 0
        ? html`<p class="sub">No container runs on it.</p>`
        : html`<div class="tablewrap"><table class="plain"><thead><tr><th>Container</th><th>Address</th><th>Names and aliases</th></tr></thead><tbody>
          ${members.map(({ name, addresses, aliases }) => html`<tr><td><a href=${formatRoute({ view: "containers", name })}>${name}</a></td><td class="mono">${addresses[network.name] || "the machine's"}</td><td class="mono s">${network.resolves ? [name, ...(aliases[network.name] ?? [])].join(", ") : html`<span class="sub">none</span>`}</td></tr>`)}
        </tbody></table></div>`
    }
  </section>`;
}
