/**
 * Progress of pull, push, load and import: docker's jsonmessage. On a terminal each id has its line, redrawn in place; elsewhere
 * bars are left out.
 */

import { humanSize } from "../../go/units.ts";
import type { ProgressMessage } from "../api-types.ts";
import { CliError } from "../session/errors.ts";
import type { Output } from "../session/output.ts";

export interface ProgressOptions {
  readonly columns: number;
  readonly aux?: (value: unknown) => void;
}

export async function showProgress(
  messages: AsyncIterable<unknown>,
  out: Output,
  options: ProgressOptions,
): Promise<void> {
  let lines = new Map<string, number>();
  const { isTerminal } = out;
  for await (const value of messages) {
    const message = value as ProgressMessage;
    if (message.aux !== undefined && message.aux !== null) {
      options.aux?.(message.aux);
      continue;
    }
    let up = 0;
    const id = message.id ?? "";
    if (id !== "" && (message.progressDetail !== undefined || (message.progress ?? "") !== "")) {
      let line = lines.get(id);
      if (line === undefined) {
        line = lines.size;
        lines.set(id, line);
        if (isTerminal) out.print("\n");
      }
      up = lines.size - line;
      if (isTerminal && up > 0) out.print(`\x1b[${up}A`);
    } else lines = new Map();
    const failure = message.errorDetail ?? (message.error === undefined ? undefined : { message: message.error });
    if (failure === undefined) out.print(display(message, isTerminal, options.columns));
    if (id !== "" && isTerminal && up > 0) out.print(`\x1b[${up}B`);
    await out.flush();
    if (failure !== undefined)
      throw new CliError(
        failure.message === "authentication is required" ? "authentication is required" : failure.message,
      );
  }
}

function display(message: ProgressMessage, isTerminal: boolean, columns: number): string {
  const bar = message.progressDetail === undefined ? "" : progressBar(message.progressDetail, columns);
  let text = "";
  let end = "";
  if (isTerminal && (message.stream ?? "") === "" && message.progressDetail !== undefined) {
    end = "\r";
    text += "\x1b[2K\r";
  } else if (bar !== "") return "";
  if ((message.id ?? "") !== "") text += `${message.id}: `;
  const status = message.status ?? "";
  if (message.progressDetail !== undefined && isTerminal) return `${text}${status} ${bar}${end}`;
  if ((message.progress ?? "") !== "") return `${text}${status} ${message.progress}${end}`;
  if ((message.stream ?? "") !== "") return `${text}${message.stream}${end}`;
  return `${text}${status}${end}\n`;
}

function progressBar(
  { current = 0, total = 0, hidecounts = false, units = "" }: NonNullable<ProgressMessage["progressDetail"]>,
  columns: number,
): string {
  if (current <= 0 && total <= 0) return "";
  if (total <= 0) return units === "" ? humanSize(current).padStart(8) : `${current} ${units}`;
  const filled = Math.min(50, Math.trunc(Math.trunc((current / total) * 100) / 2));
  const box = columns > 110 ? `[${"=".repeat(filled)}>${" ".repeat(50 - filled)}] ` : "";
  if (hidecounts) return box;
  if (units === "") {
    const now = humanSize(current).padStart(8);
    return box + (current > total ? now : `${now}/${humanSize(total)}`);
  }
  return box + (current > total ? `${current} ${units}` : `${current}/${total} ${units}`);
}
