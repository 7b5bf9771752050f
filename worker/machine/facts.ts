import type { Guest } from "../engine/ports/guest.ts";
import type { MachineFacts } from "../engine/system/index.ts";

const decoder = new TextDecoder();

/** Asks the guest what it is. */
export async function readFacts(guest: Guest, id: string): Promise<MachineFacts> {
  const results = await guest.batch([
    { op: "read", path: "/proc/sys/kernel/osrelease" },
    { op: "read", path: "/proc/meminfo" },
    { op: "read", path: "/etc/os-release", ignore: ["ENOENT"] },
    { op: "read", path: "/proc/sys/kernel/hostname" },
  ]);
  const [release = "", memory = "", system = "", name = ""] = results.map((result) =>
    result instanceof Uint8Array ? decoder.decode(result) : "",
  );
  const field = (key: string): string => new RegExp(`^${key}="?([^"\n]*)"?$`, "m").exec(system)?.[1] ?? "";
  return {
    id,
    name: name.trim(),
    kernelVersion: release.trim(),
    operatingSystem: field("PRETTY_NAME") || "Linux",
    osVersion: field("VERSION_ID"),
    memory: Number(/^MemTotal:\s+(\d+)/m.exec(memory)?.[1] ?? 0) * 1024,
    processors: 1,
  };
}
