/** `--volume`: what is a bind or a named volume, and what is an anonymous volume. Follows docker/cli's loader.ParseVolume. */
import { resolvePath } from "../config/config-file.ts";
import { CliError } from "../session/errors.ts";
import { cleanPath } from "./mount.ts";

export interface Volumes {
  readonly binds: readonly string[];
  readonly anonymous: Readonly<Record<string, Record<string, never>>>;
}

export function parseVolumes(specs: readonly string[], cwd: string): Volumes {
  const binds: string[] = [];
  const anonymous: Record<string, Record<string, never>> = {};
  for (const spec of new Set(specs)) {
    const source = sourceOf(spec);
    if (source === "") anonymous[spec] = {};
    else if (/^[./~]/.test(source)) {
      const rest = spec.slice(source.length + 1);
      binds.push(`${source.startsWith(".") ? cleanPath(resolvePath(cwd, source)) : source}:${rest}`);
    } else binds.push(spec);
  }
  return { binds, anonymous };
}

function sourceOf(spec: string): string {
  if (spec === "") throw new CliError("invalid empty volume spec");
  if (spec.length <= 2) return "";
  const parts = spec.split(":");
  if (parts.includes("")) throw new CliError(`invalid spec: ${spec}: empty section between colons`);
  return parts.length === 1 ? "" : (parts[0] ?? "");
}
