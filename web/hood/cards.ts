/** The cards of "under the hood". Each names its source, and a click runs the command that shows the same in a terminal. */
import { html, nothing, svg, type TemplateResult } from "lit";
import type { HoodProcess, HoodReport, HoodSource } from "../../worker/protocol/index.ts";
import type { App } from "../app.ts";
import { humanSize } from "../engine/format.ts";

export function hoodCards(app: App, report: HoodReport): TemplateResult {
  return html`${processes(app, report)}${namespaces(app, report)}${limits(app, report)}${filesystem(app, report)}${network(app, report)}${security(app, report)}`;
}

function source(app: App, { from, command }: HoodSource): TemplateResult {
  return html`<button class="src" title="Run in the terminal: ${command}" @click=${() => void app.runInTerminal(command)}>${from}</button>`;
}

function processes(app: App, { processes: { source: from, tree } }: HoodReport): TemplateResult {
  const depthOf = (process: HoodProcess): number => {
    const parent = tree.find(({ pid }) => pid === process.parent);
    return parent === undefined ? 0 : depthOf(parent) + 1;
  };
  return html`<section class="card"><div class="row"><h2 class="grow">Processes</h2><span class="sub num">${tree.length}</span></div>
    <div class="tablewrap"><table class="plain"><thead><tr><th class="right">Inside</th><th class="right">Outside</th><th>User</th><th>Command</th></tr></thead><tbody>
      ${tree.map((process) => html`<tr><td class="num right">${process.insidePid}</td><td class="num right">${process.pid}</td><td>${process.user}</td><td class="max" title=${process.command}><span class="mono s" style="padding-left: ${depthOf(process) * 14}px">${process.command}</span></td></tr>`)}
    </tbody></table></div>${source(app, from)}</section>`;
}

function namespaces(app: App, { namespaces: { source: from, list } }: HoodReport): TemplateResult {
  const shared = list.filter(({ sharing }) => sharing !== "own").length;
  return html`<section class="card"><div class="row"><h2 class="grow">Namespaces</h2><span class="badge">${list.length}, ${shared} shared</span></div>
    <div class="tablewrap"><table class="plain"><tbody>${list.map(
      ({ name, inode, sharing, note }) => html`<tr><td class="mono">${name}</td><td class="mono sub">${inode}</td>
      <td>${sharing === "own" ? "its own" : html`<span class="badge warn">${sharing === "host" ? "shared with the host" : `shared with ${sharing.join(", ")}`}</span>`}</td><td class="sub">${note}</td></tr>`,
    )}</tbody></table></div>${source(app, from)}</section>`;
}

function limits(app: App, { cgroup: { source: from, files } }: HoodReport): TemplateResult {
  const bytes = (text: string): string => (/^\d+$/.test(text) ? humanSize(Number(text)) : text);
  return html`<section class="card"><div class="row"><h2 class="grow">Limits and use</h2></div>
    ${files.map(({ name, value, limit }) => {
      const memory = /^memory\.(current|peak|swap)/.test(name);
      const share = limit !== undefined && /^\d+$/.test(limit) ? Number(value) / Number(limit) : undefined;
      return html`<div class="stack" style="gap: 4px"><div class="row"><code class="s grow clip">${name}</code><span class="num">${memory ? bytes(value) : value}${limit === undefined ? "" : ` of ${memory ? bytes(limit) : limit}`}</span></div>
        ${share === undefined ? nothing : html`<div class="bar ${share > 0.85 ? "warn" : "ok"}"><i style="width: ${Math.min(100, share * 100).toFixed(1)}%"></i></div>`}</div>`;
    })}${source(app, from)}</section>`;
}

const changeStyles = { added: ["+", "add"], changed: ["~", "chg"], removed: ["-", "del"] } as const;

function filesystem(app: App, { filesystem: { source: from, lower, upper, changes } }: HoodReport): TemplateResult {
  return html`<section class="card"><div class="row"><h2 class="grow">Filesystem</h2><span class="sub">overlay, ${lower.length + 1} layers</span></div>
    <div class="tree overlay">
      <div class="head2"><b>upper</b><span class="sub">what this container wrote</span></div>
      ${changes.length === 0 ? html`<div class="pathline sub">nothing</div>` : changes.slice(0, 200).map(({ kind, path }) => html`<div class="pathline ${changeStyles[kind][1]}" title=${upper + path}><span aria-hidden="true">${changeStyles[kind][0]}</span><span class="clip">${path}</span><span class="vh">${kind}</span></div>`)}
      <div class="head2"><b>lower</b><span class="sub">${lower.length} read-only layer${lower.length === 1 ? "" : "s"}</span></div>
      ${lower.map((directory) => html`<div class="pathline sub" title=${directory}><span class="clip">${directory}</span></div>`)}
    </div>${source(app, from)}</section>`;
}

function network(
  app: App,
  { network: { source: from, interfaces, rules, published }, container }: HoodReport,
): TemplateResult {
  const total = (pick: (each: (typeof interfaces)[number]) => number): number =>
    interfaces.reduce((sum, each) => sum + pick(each), 0);
  return html`<section class="card"><div class="row"><h2 class="grow">Network</h2><span class="sub num">${total(({ receivedPackets }) => receivedPackets)} packets in, ${total(({ sentPackets }) => sentPackets)} out</span></div>
    ${interfaces.length === 0 ? html`<p class="text2">No interface of its own but the loopback.</p>` : interfaces.map((each, index) => path(each, index === 0 ? published : [], container))}
    ${rules.map((rule) => html`<code class="s sub rule">${rule}</code>`)}${source(app, from)}</section>`;
}

function path(
  each: HoodReport["network"]["interfaces"][number],
  published: HoodReport["network"]["published"],
  container: string,
): TemplateResult {
  const port = published[0];
  const text = `${port === undefined ? "" : `From port ${port.hostPort} over NAT and `}${each.bridge} (${each.bridgeAddress}) over ${each.veth} to ${each.name} (${each.addresses.join(", ")}) in ${container}`;
  return html`<svg class="draw" viewBox="0 0 470 112" role="img" aria-label=${text} style="width: 100%; max-width: 560px">
    ${svg`
      <rect class="z" x="306" y="8" width="160" height="96" rx="8" /><text class="s" x="318" y="26">net ns of ${clip(container, 14)}</text>
      <rect class="b" x="322" y="42" width="128" height="46" rx="6" /><text x="334" y="61">${each.name}</text><text class="m" x="334" y="78">${each.addresses[0] ?? ""}</text>
      <rect class="b" x="150" y="42" width="122" height="46" rx="6" /><text x="162" y="61">${clip(each.bridge, 13)}</text><text class="m" x="162" y="78">${each.bridgeAddress}</text>
      <path class="a" d="M272 65H322" /><text class="s" x="274" y="106">${each.veth}</text>
      ${port === undefined ? svg`<text class="s" x="4" y="68">nothing published</text>` : svg`<rect class="h" x="4" y="42" width="112" height="46" rx="6" /><text x="16" y="61">host :${port.hostPort}</text><text class="m" x="16" y="78">DNAT → :${port.containerPort}</text><path class="a" d="M116 65H150" />`}`}
  </svg>`;
}

function security(
  app: App,
  { security: { source: from, capabilities, dropped, seccomp, noNewPrivileges } }: HoodReport,
): TemplateResult {
  const names = (list: readonly string[]): TemplateResult =>
    html`<p class="mono s caps">${list.map((name) => html`<span>${name.replace("CAP_", "")}</span> `)}</p>`;
  return html`<section class="card"><div class="row"><h2 class="grow">Capabilities and seccomp</h2><span class="sub num">${capabilities.length} held</span></div>
    ${names(capabilities)}
    <dl class="kv"><dt>Not held</dt><dd class="mono s">${dropped.map((name) => name.replace("CAP_", "")).join(", ")}</dd><dt>seccomp</dt><dd>${seccomp === "filter" ? "filter: a profile decides about each system call" : seccomp}</dd><dt>New privileges</dt><dd>${noNewPrivileges ? "never (no-new-privileges)" : "allowed (setuid programs work)"}</dd></dl>
    ${source(app, from)}</section>`;
}

const clip = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
