/** `docker buildx history`. */

import { humanDuration } from "../../../go/units.ts";
import { formatRows } from "../../format/formatter.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";
import { Methods } from "../../template/value.ts";
import { displayFor } from "../display.ts";
import { inspectJson, inspectPretty } from "./inspect.ts";
import { configType, provenance, provenanceType } from "./provenance.ts";
import { durationText, findRecord, listRecords, milliseconds, type RecordSummary, statusWords } from "./record.ts";

const headers = {
  Ref: "BUILD ID",
  Name: "NAME",
  Status: "STATUS",
  CreatedAt: "CREATED AT",
  Duration: "DURATION",
  Link: "LINK",
};

export const list: Handler = async (context) => {
  const { flags, out, now } = context;
  if (flags.bool("local"))
    throw new CliError("could not get remote URL for local filter: no remote URL found for either origin or upstream");
  const records = (await listRecords(context)).filter((record) => fits(record, flags.list("filter"), now()));
  const format = flags.string("format") || "table";
  if (format === "json") {
    for (const record of records) out.line(JSON.stringify(summaryJson(record)));
    return 0;
  }
  const template =
    format === "table" ? "table {{.Ref}}\t{{.Name}}\t{{.Status}}\t{{.CreatedAt}}\t{{.Duration}}\t" : format;
  out.print(
    formatRows(
      template,
      headers,
      records.map((record) => row(record, flags.bool("no-trunc"), now())),
    ),
  );
  return 0;
};

const summaryJson = (record: RecordSummary) => ({
  cached_steps: record.cachedSteps,
  ...(record.completed === undefined ? {} : { completed_at: record.completed }),
  completed_steps: record.completedSteps,
  created_at: record.created,
  name: record.name,
  ref: `default/default/${record.ref}`,
  status: statusWords[record.status],
  total_steps: record.totalSteps,
});

const nameWidth = 38;
function row(record: RecordSummary, whole: boolean, now: number): Methods {
  const name = whole || record.name.length <= nameWidth ? record.name : `${record.name.slice(0, nameWidth - 3)}...`;
  return new Methods("*history.lsContext", {
    Ref: () => record.ref,
    Name: () => name,
    Status: () => statusWords[record.status],
    CreatedAt: () => `${humanDuration(now - Date.parse(record.created))} ago`,
    Duration: () => durationText(milliseconds(record, now)) + (record.status === "running" ? "+" : ""),
    Link: () => `docker-desktop://dashboard/build/default/default/${record.ref}`,
  });
}

/** "name=value", "name!=value", "createdAt>2024-01-01" and the like; all must hold. */
function fits(record: RecordSummary, filters: readonly string[], now: number): boolean {
  return filters.every((text) => {
    const match = /^(\w+)\s*(!=|>=|<=|=|>|<)\s*(.*)$/.exec(text);
    if (match === null) throw new CliError(`invalid filter ${text}`);
    const [, key = "", operator = "", value = ""] = match;
    switch (key.toLowerCase()) {
      case "ref":
      case "status":
      case "repository":
        return (fieldOf(record, key) === value.toLowerCase()) === (operator === "=");
      case "startedat":
        return compare(Date.parse(record.created), timeOf(value, now), operator);
      case "completedat":
        return record.completed !== undefined && compare(Date.parse(record.completed), timeOf(value, now), operator);
      case "duration":
        return compare(milliseconds(record, now), durationOf(value), operator);
      default:
        throw new CliError(`unsupported filter: ${key}`);
    }
  });
}
const fieldOf = (record: RecordSummary, key: string): string =>
  key === "ref" ? record.ref : key === "status" ? record.status : record.context.toLowerCase();

function compare(a: number, b: number, operator: string): boolean {
  if (operator === "=") return a === b;
  if (operator === "!=") return a !== b;
  return operator === ">" ? a > b : operator === "<" ? a < b : operator === ">=" ? a >= b : a <= b;
}
function durationOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new CliError(`invalid duration ${text}`);
  return Number(match[1]) * { ms: 1, s: 1e3, m: 6e4, h: 36e5 }[match[2] as "ms" | "s" | "m" | "h"];
}
const timeOf = (text: string, now: number): number => {
  const time = Date.parse(text);
  return Number.isNaN(time) ? now - durationOf(text) : time;
};

export const inspect: Handler = async (context) => {
  const { flags, out, now } = context;
  const record = await findRecord(context, context.args[0] ?? "");
  const format = flags.string("format") || "pretty";
  if (format === "pretty") out.print(inspectPretty(record, now()));
  else if (format === "json") out.line(JSON.stringify(inspectJson(record, now()), undefined, 2));
  else {
    const fields = inspectJson(record, now());
    out.print(
      formatRows(format, {}, [
        new Methods(
          "history.inspectOutput",
          Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, () => value])),
        ),
      ]),
    );
  }
  return 0;
};

export const attachment: Handler = async (context) => {
  const { flags, args, out, client } = context;
  const [ref = "", digest = ""] = args;
  const type = flags.string("type");
  if (type === "" && flags.string("platform") === "" && digest === "")
    throw new CliError("at least one of --type, --platform or DIGEST must be specified");
  const record = await findRecord(context, ref);
  if (type === "provenance" || type === provenanceType) out.line(JSON.stringify(provenance(record), undefined, 2));
  else if (record.image !== undefined && (digest === record.image || type === configType || type === "config"))
    out.line(JSON.stringify(await client.get(`/images/${record.image}/json`), undefined, 2));
  else throw new CliError(`no matching attachment found for ref ${JSON.stringify(record.ref)}`);
  return 0;
};

export const logs: Handler = async (context) => {
  const { flags, args, out } = context;
  const mode = flags.string("progress") || "plain";
  if (!["plain", "rawjson", "tty", "auto"].includes(mode)) throw new CliError(`invalid progress mode ${mode}`);
  const record = await findRecord(context, args[0] ?? "");
  const { vertexes, statuses, logs: lines } = record;
  const display = await displayFor({ ...context, err: out }, mode === "auto" ? "plain" : mode, { headless: true });
  // Step by step, as if it went on now: BuildKit's records are in the order in which they came.
  for (const vertex of vertexes) {
    const { completed, ...started } = vertex;
    await display.message({ vertexes: [started] });
    const own = <T extends { readonly vertex: string }>(list: readonly T[]): readonly T[] =>
      list.filter((item) => item.vertex === vertex.digest);
    await display.message({ statuses: own(statuses), logs: own(lines) });
    if (completed !== undefined) await display.message({ vertexes: [vertex] });
  }
  await display.end(record.error);
  return 0;
};

export const remove: Handler = async (context) => {
  const { flags, args, client } = context;
  if (!flags.bool("all") && args.length === 0) throw new CliError("rm requires at least one argument");
  if (flags.bool("all") && args.length > 0) throw new CliError("rm requires either --all or at least one argument");
  const refs = flags.bool("all") ? (await listRecords(context)).map(({ ref }) => ref) : args;
  for (const given of refs) {
    const ref = given.slice(given.lastIndexOf("/") + 1);
    try {
      await client.delete(`/drydock/builds/${encodeURIComponent(ref)}`);
    } catch {
      throw new CliError(`lease ${JSON.stringify(`ref_${ref}`)}: not found`);
    }
  }
  return 0;
};

/** A bundle is for Docker Desktop, whose own format it is; records come out as JSON, one a line. */
export const exportRecords: Handler = async (context) => {
  const { flags, args, out } = context;
  if (flags.bool("all") && args.length > 0) throw new CliError("history export requires either --all or references");
  const refs = flags.bool("all") ? (await listRecords(context)).map(({ ref }) => ref) : args.length > 0 ? args : [""];
  const records = await Promise.all(refs.map((ref) => findRecord(context, ref)));
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
  const path = flags.string("output");
  if (path === "" && out.isTerminal) throw new CliError("refusing to write to console, use --output file");
  if (path === "" || path === "-") out.print(text);
  else await save(context, path, text);
  return 0;
};

async function save({ invocation }: Context, path: string, text: string): Promise<void> {
  const { resolvePath, writeFile } = await import("../../config/config-file.ts");
  await writeFile(invocation, resolvePath(invocation.cwd, path), text, 0o644);
}

/** Files are opened first; then the plugin looks for Docker Desktop's socket, which is nowhere beside an engine of its own. */
export const importRecords: Handler = async ({ flags, invocation: { files, cwd, env } }) => {
  const { resolvePath } = await import("../../config/config-file.ts");
  for (const path of flags.list("file"))
    if (path !== "-" && (await files.stat(resolvePath(cwd, path), { follow: true })) === undefined)
      throw new CliError(`failed to open file ${path}: open ${path}: no such file or directory`);
  throw new CliError(
    `failed to send request, check if Docker Desktop is running: Post "http://docker-desktop/upload": dial unix ${env.HOME ?? ""}/.docker/desktop/docker-desktop-build.sock: connect: no such file or directory`,
  );
};

/** The plugin hands docker-desktop://… to the desktop's opener of addresses, which a machine without a desktop has not. */
export const open: Handler = async (context) => {
  await findRecord(context, context.args[0] ?? "");
  throw new CliError('exec: "xdg-open": executable file not found in $PATH');
};
