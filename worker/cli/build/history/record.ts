/** Build records as the engine keeps them, and how a command line names one. */
import type { Context } from "../../session/context.ts";
import { ApiError, CliError } from "../../session/errors.ts";
import type { Failure, Log, Status, Step, Vertex } from "../status.ts";

export interface RecordSummary {
  readonly ref: string;
  readonly name: string;
  readonly status: "running" | "completed" | "error" | "canceled";
  readonly error?: Failure;
  readonly created: string;
  readonly completed?: string;
  readonly context: string;
  readonly dockerfile: string;
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  readonly tags: readonly string[];
  readonly image?: string;
  readonly materials: readonly { readonly uri: string; readonly digest: string }[];
  readonly completedSteps: number;
  readonly totalSteps: number;
  readonly cachedSteps: number;
}
export interface WholeRecord extends Omit<RecordSummary, "completedSteps" | "totalSteps" | "cachedSteps"> {
  readonly vertexes: readonly Vertex[];
  readonly statuses: readonly Status[];
  readonly logs: readonly Log[];
  readonly steps: readonly Step[];
}

/** Newest first. */
export const listRecords = ({ client }: Context): Promise<readonly RecordSummary[]> =>
  client.get<readonly RecordSummary[]>("/drydock/builds");

/** "": the newest; "^N": the Nth before it; a ref, whole or with the builder's and the node's name in front. */
export async function findRecord(context: Context, given: string): Promise<WholeRecord> {
  const records = await listRecords(context);
  let ref = given.slice(given.lastIndexOf("/") + 1);
  const offset = /^\^(\d+)$/.exec(given);
  if (given === "" || offset !== null) ref = records[Number(offset?.[1] ?? 0)]?.ref ?? "";
  if (ref === "") throw new CliError(given === "" ? "no records found" : `no record found for offset ${given}`);
  try {
    return await context.client.get<WholeRecord>(`/drydock/builds/${encodeURIComponent(ref)}`);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404)
      throw new CliError(`no record found for ref ${JSON.stringify(given)}`);
    throw error;
  }
}

export const statusWords = {
  running: "Running",
  completed: "Completed",
  error: "Error",
  canceled: "Canceled",
} as const;

export const milliseconds = (
  { created, completed }: Pick<RecordSummary, "created" | "completed">,
  now: number,
): number => (completed === undefined ? now : Date.parse(completed)) - Date.parse(created);

/** buildx's FormatDuration: "0.5s", "1m 3s". */
export function durationText(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  return `${Math.floor(ms / 60_000)}m ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, " ")}s`;
}
