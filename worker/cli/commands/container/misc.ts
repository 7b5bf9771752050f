/** top, port, diff, commit, export, update. */
import { rangeError, syntaxError } from "../../../go/strconv.ts";
import type { ContainerInspect, PortBinding } from "../../api-types.ts";
import { cut } from "../../flags/values.ts";
import { alignTabs } from "../../format/tabwriter.ts";
import { naturalCompare } from "../../format/text.ts";
import { familiarName, normalizedReference } from "../../image/reference.ts";
import { checkDirectory, checkOutput, saveBytes } from "../../io/copy.ts";
import { parseRestartPolicy } from "../../run/options.ts";
import { named, readBytes, segment } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";

export const top: Handler = async ({ args, client, out }) => {
  const [name = "", ...options] = args;
  const { Titles, Processes } = await client.get<{
    readonly Titles: readonly string[];
    readonly Processes: readonly (readonly string[])[] | null;
  }>(`/containers/${segment(name)}/top`, { ps_args: options.join(" ") });
  const lines = [Titles, ...(Processes ?? [])].map((cells) => `${cells.join("\t")}\n`);
  out.print(alignTabs(lines.join(""), { minimum: 20, padding: 3 }));
  return 0;
};

const hostPort = ({ HostIp: ip, HostPort: port }: PortBinding): string =>
  `${ip.includes(":") ? `[${ip}]` : ip}:${port}`;

export const port: Handler = async ({ args, client, out }) => {
  const [name = "", wanted = ""] = args;
  const container = await client.get<ContainerInspect>(`/containers/${segment(name)}/json`);
  const ports = container.NetworkSettings.Ports ?? {};
  let lines: string[];
  if (wanted !== "") {
    const [number, protocol] = cut(wanted, "/");
    if (!/^\d+$/.test(number))
      throw new CliError(`Error: invalid port (${number}): ${syntaxError("ParseUint", number)}`);
    if (Number(number) > 65_535)
      throw new CliError(`Error: invalid port (${number}): ${rangeError("ParseUint", number)}`);
    const bindings = ports[`${number}/${protocol === "" ? "tcp" : protocol}`] ?? [];
    if (bindings.length === 0) throw new CliError(`Error: No public port '${wanted}' published for ${name}`);
    lines = bindings.map(hostPort);
  } else lines = Object.entries(ports).flatMap(([from, to]) => (to ?? []).map((b) => `${from} -> ${hostPort(b)}`));
  for (const line of lines.sort(naturalCompare)) out.line(line);
  return 0;
};

const changes = ["C", "A", "D"];

export const diff: Handler = async ({ args, client, out }) => {
  const [name = ""] = args;
  if (name === "") throw new CliError("Container name cannot be empty");
  const list = await client.get<readonly { readonly Kind: number; readonly Path: string }[] | null>(
    `/containers/${segment(name)}/changes`,
  );
  for (const { Kind, Path } of list ?? []) out.line(`${changes[Kind] ?? ""} ${Path}`);
  return 0;
};

export const commit: Handler = async ({ flags, args, client, out }) => {
  const [container = "", target = ""] = args;
  let repo = "";
  let tag: string | undefined;
  if (target !== "") {
    const reference = normalizedReference(target);
    if (reference.digest !== undefined) throw new CliError("refusing to create a tag with a digest reference");
    repo = familiarName(reference);
    tag = reference.tag ?? "latest";
  }
  const { Id } = await client.post<{ readonly Id: string }>("/commit", undefined, {
    container: named("container", container),
    repo,
    tag,
    comment: flags.string("message"),
    author: flags.string("author"),
    changes: flags.list("change"),
    ...(!flags.boolOr("pause", true) && { pause: "0" }),
  });
  out.line(Id);
  return 0;
};

export const exportContainer: Handler = async (context) => {
  const [name = ""] = context.args;
  checkOutput(context);
  await checkDirectory(context, "export container");
  const response = await context.client.call("GET", `/containers/${segment(name)}/export`);
  await saveBytes(context, readBytes(response));
  return 0;
};

export const update: Handler = async ({ flags, args, client, out }) => {
  const numbers: Readonly<Record<string, string>> = {
    "blkio-weight": "BlkioWeight",
    "cpu-shares": "CpuShares",
    memory: "Memory",
    "memory-reservation": "MemoryReservation",
    "memory-swap": "MemorySwap",
    "kernel-memory": "KernelMemory",
    "cpu-period": "CpuPeriod",
    "cpu-quota": "CpuQuota",
    "cpu-rt-period": "CpuRealtimePeriod",
    "cpu-rt-runtime": "CpuRealtimeRuntime",
    cpus: "NanoCpus",
  };
  const given = [...Object.keys(numbers), "cpuset-cpus", "cpuset-mems", "pids-limit", "restart"].some((f) =>
    flags.changed(f),
  );
  if (!given) throw new CliError("you must provide one or more flags when using this command");
  const restart = parseRestartPolicy(flags.string("restart"));
  const body = {
    ...Object.fromEntries(Object.entries(numbers).map(([flag, field]) => [field, flags.number(flag)])),
    CpusetCpus: flags.string("cpuset-cpus"),
    CpusetMems: flags.string("cpuset-mems"),
    ...(flags.number("pids-limit") !== 0 && { PidsLimit: flags.number("pids-limit") }),
    RestartPolicy: restart,
  };
  const warnings: string[] = [];
  const errors: string[] = [];
  for (const name of args) {
    try {
      const report = await client.post<{ readonly Warnings?: readonly string[] | null }>(
        `/containers/${segment(name)}/update`,
        body,
      );
      out.line(name);
      warnings.push(...(report?.Warnings ?? []));
    } catch (error) {
      errors.push(messageOf(error));
    }
  }
  if (warnings.length > 0) out.line(warnings.join("\n"));
  if (errors.length > 0) throw new CliError(errors.join("\n"));
  return 0;
};
