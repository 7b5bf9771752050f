/** The cards of "under the hood". Each fact names its source, and a click runs the command that shows the same in a terminal. */
import { html, nothing, svg, type TemplateResult } from "lit";
import type { HoodProcess, HoodReport, HoodSource } from "../../worker/protocol/index.ts";
import type { App } from "../app.ts";
import { humanSize, shellQuote } from "../engine/format.ts";
import { spark } from "../panels/spark.ts";
import type { HoodHistory } from "./history.ts";

export function hoodCards(app: App, report: HoodReport, history: HoodHistory): TemplateResult {
  return html`${processes(app, report)}${namespaces(app, report)}${limits(app, report, history)}${filesystem(app, report, history)}${network(app, report)}${security(app, report)}`;
}

function source(app: App, { from, command }: HoodSource): TemplateResult {
  return html`<button class="src" title="Run in the terminal: ${command}" @click=${() => void app.runInTerminal(command)}>${from}</button>`;
}

/** A single fact: the file that it was read from is named by its title, and a click reads that file in the terminal. */
function fact(app: App, shown: TemplateResult | string, { from, command }: HoodSource): TemplateResult {
  return html`<button class="fact" title="${from}\nRun in the terminal: ${command}" @click=${() => void app.runInTerminal(command)}>${shown}</button>`;
}

const fileFact = (app: App, shown: TemplateResult | string, path: string): TemplateResult =>
  fact(app, shown, { from: path, command: `sudo cat ${shellQuote(path)}` });

function processes(app: App, { processes: { source: from, tree } }: HoodReport): TemplateResult {
  const depthOf = (process: HoodProcess): number => {
    const parent = tree.find(({ pid }) => pid === process.parent);
    return parent === undefined ? 0 : depthOf(parent) + 1;
  };
  return html`<section class="card"><div class="row"><h2 class="grow">Processes</h2><span class="sub num">${tree.length}</span></div>
    <div class="tablewrap"><table class="plain"><thead><tr><th class="right">Inside</th><th class="right">Outside</th><th>User</th><th>Command</th></tr></thead><tbody>
      ${tree.map((process) => html`<tr><td class="num right">${process.insidePid}</td><td class="num right">${fileFact(app, String(process.pid), `/proc/${process.pid}/status`)}</td><td>${process.user}</td><td class="max" title=${process.command}><span class="mono s" style="padding-left: ${depthOf(process) * 14}px">${process.command}</span></td></tr>`)}
    </tbody></table></div>${source(app, from)}</section>`;
}

function namespaces(app: App, { pid, namespaces: { source: from, list } }: HoodReport): TemplateResult {
  const shared = list.filter(({ sharing }) => sharing !== "own").length;
  return html`<section class="card"><div class="row"><h2 class="grow">Namespaces</h2><span class="badge">${list.length}, ${shared} shared</span></div>
    <div class="tablewrap"><table class="plain"><tbody>${list.map(
      ({
        name,
        inode,
        sharing,
        note,
      }) => html`<tr><td class="mono">${name}</td><td class="mono sub">${fact(app, String(inode), { from: `/proc/${pid}/ns/${name}`, command: `sudo readlink /proc/${pid}/ns/${name}` })}</td>
      <td class="wraps"><div class="sharing"><span>${sharing === "own" ? "its own" : html`<span class="badge warn">${sharing === "host" ? "shared with the host" : `shared with ${sharing.join(", ")}`}</span>`}</span><span class="sub">${note}</span></div></td></tr>`,
    )}</tbody></table></div>${source(app, from)}</section>`;
}

/** Files whose course says more than their value. */
const plotted = /^memory\.current|usage_usec$/;

function limits(app: App, report: HoodReport, history: HoodHistory): TemplateResult {
  const { source: from, path: cgroup, files } = report.cgroup;
  const bytes = (text: string): string => (/^\d+$/.test(text) ? humanSize(Number(text)) : text);
  return html`<section class="card"><div class="row"><h2 class="grow">Limits and use</h2></div>
    ${files.map(({ name, value, limit }) => {
      const memory = /^memory\.(current|peak|swap)/.test(name);
      const share = limit !== undefined && /^\d+$/.test(limit) ? Number(value) / Number(limit) : undefined;
      return html`<div class="stack" style="gap: 4px"><div class="row"><code class="s grow clip">${fileFact(app, name, `${cgroup}/${name.replace(/ .*/, "")}`)}</code>${plotted.test(name) ? spark(history.values(report, name)) : nothing}<span class="num">${memory ? bytes(value) : value}${limit === undefined ? "" : ` of ${memory ? bytes(limit) : limit}`}</span></div>
        ${share === undefined ? nothing : html`<div class="bar ${share > 0.85 ? "warn" : "ok"}"><i style="width: ${Math.min(100, share * 100).toFixed(1)}%"></i></div>`}</div>`;
    })}${source(app, from)}</section>`;
}

const changeStyles = { added: ["+", "add"], changed: ["~", "chg"], removed: ["-", "del"] } as const;

function filesystem(app: App, report: HoodReport, history: HoodHistory): TemplateResult {
  const { pid, container } = report;
  const { source: from, lower, upper, changes } = report.filesystem;
  const list = (path: string, shown: string): TemplateResult =>
    fact(app, html`<span class="clip">${shown}</span>`, { from: path, command: `sudo ls -lA ${shellQuote(path)}` });
  return html`<section class="card"><div class="row"><h2 class="grow">Filesystem</h2><span class="sub">overlay, ${lower.length + 1} layers</span></div>
    <div class="tree overlay">
      <div class="head2"><b>merged</b><span class="sub">what ${container} sees as its root</span></div>
      <div class="pathline sub">${list(`/proc/${pid}/root/`, `/proc/${pid}/root`)}</div>
      <div class="head2"><b>upper</b><span class="sub">what it wrote: added, changed, whited out</span></div>
      ${upper === "" ? nothing : html`<div class="pathline sub">${list(upper, upper)}</div>`}
      ${changes.length === 0 ? html`<div class="pathline sub">nothing</div>` : changes.slice(0, 200).map((change) => changeLine(change, upper, history.isFresh(report, change)))}
      <div class="head2"><b>lower</b><span class="sub">${lower.length} read-only layer${lower.length === 1 ? "" : "s"}</span></div>
      ${lower.map((directory, index) => html`<div class="pathline sub"><span class="num">${lower.length - index}</span>${list(directory, directory)}</div>`)}
    </div>${source(app, from)}</section>`;
}

function changeLine(
  { kind, path }: HoodReport["filesystem"]["changes"][number],
  upper: string,
  fresh: boolean,
): TemplateResult {
  const [sign, style] = changeStyles[kind];
  return html`<div class="pathline ${style}" title=${upper + path}><span aria-hidden="true">${sign}</span><span class="clip">${path}</span>${fresh ? html`<span class="badge info">just now</span>` : nothing}<span class="vh">${kind}</span></div>`;
}

function network(
  app: App,
  { network: { source: from, interfaces, rules, published }, container }: HoodReport,
): TemplateResult {
  const total = (pick: (each: (typeof interfaces)[number]) => number): number =>
    interfaces.reduce((sum, each) => sum + pick(each), 0);
  return html`<section class="card"><div class="row"><h2 class="grow">Network</h2><span class="sub num">${total(({ receivedPackets }) => receivedPackets)} packets in, ${total(({ sentPackets }) => sentPackets)} out</span></div>
    ${interfaces.length === 0 ? html`<p class="text2">No interface of its own but the loopback.</p>` : interfaces.map((each, index) => html`${path(each, index === 0 ? published : [], container)}${counters(app, each)}`)}
    ${rules.map((rule) => html`<code class="s sub rule">${rule}</code>`)}${source(app, from)}</section>`;
}

type Interface = HoodReport["network"]["interfaces"][number];

function path(each: Interface, published: HoodReport["network"]["published"], container: string): TemplateResult {
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

/** The machine's end of the pair counts what the container sent as received. */
function counters(app: App, { name, veth, receivedPackets, sentPackets }: Interface): TemplateResult | typeof nothing {
  if (veth === "") return nothing;
  return html`<p class="sub num">${fact(app, `${name}: ${receivedPackets} packets in, ${sentPackets} out`, {
    from: `netlink RTM_GETLINK (IFLA_STATS64) of ${veth}`,
    command: `ip -s link show ${veth}`,
  })}</p>`;
}

const clip = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
