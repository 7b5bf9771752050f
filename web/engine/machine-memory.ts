/** The machine's memory as its kernel tells it in /proc/meminfo (proc(5)), in bytes. */
import type { Bridge } from "../bridge/client.ts";

export interface MachineMemory {
  readonly total: number;
  /** What a new program could get without swapping (MemAvailable). */
  readonly available: number;
}

export function parseMeminfo(text: string): MachineMemory | undefined {
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) * 1024;
  const [total, available] = [field("MemTotal"), field("MemAvailable")];
  return Number.isNaN(total) || Number.isNaN(available) ? undefined : { total, available };
}

export async function readMachineMemory(bridge: Bridge): Promise<MachineMemory | undefined> {
  const { readable } = await bridge.openTerminal({ rows: 60, columns: 80, command: ["cat", "/proc/meminfo"] });
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const reader = readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value as Uint8Array<ArrayBuffer>);
  }
  return parseMeminfo(await new Blob(chunks).text());
}
