/**
 * What the package indexes ask beyond the catalogue's own packages, found out on the machine that builds: its own pip and npm say which
 * index they use, the images' apt says which archive it knows. Variables come first; an empty one switches an index off. Written beside
 * the catalogue, where the network gateway reads it (worker/network/settings.ts).
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Deb } from "../../debian/deb.ts";
import { place } from "../registry-layout.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Asks a program of the builder's; undefined where it is not installed or does not know. */
export type Ask = (program: string, args: readonly string[]) => Promise<string | undefined>;

const run = promisify(execFile);
export const askProgram: Ask = async (program, args) => {
  try {
    return (await run(program, [...args], { timeout: 20_000 })).stdout.trim();
  } catch {
    return undefined;
  }
};

/** pip's configured index, else the one that this pip was made with. */
const pipDefault = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)";

export async function upstreams(env: Environment, ask: Ask): Promise<{ readonly pip?: string; readonly npm?: string }> {
  const pip =
    env.DRYDOCK_PIP_INDEX ??
    env.PIP_INDEX_URL ??
    (await ask("pip", ["config", "get", "global.index-url"])) ??
    (await ask("python3", ["-c", pipDefault]));
  const npm = env.DRYDOCK_NPM_REGISTRY ?? (await ask("npm", ["config", "get", "registry"]));
  const [pipBase, npmBase] = [publicAddress(pip), publicAddress(npm)];
  return { ...(pipBase === undefined ? {} : { pip: pipBase }), ...(npmBase === undefined ? {} : { npm: npmBase }) };
}

/** The settings are part of a site that anyone may read: names and passwords of a private index do not get in. */
function publicAddress(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
  url.username = "";
  url.password = "";
  return url.href;
}

const example = "usr/share/doc/apt/examples/sources.list";

/** The hosts in the sources.list that the debian image gets (../effects/base.ts). */
export function aptHosts({ entries }: Pick<Deb, "entries">): readonly string[] {
  const node = entries.find(({ path }) => path === example)?.node;
  const text = node?.kind === "file" ? new TextDecoder().decode(node.data) : "";
  const hosts = [...text.matchAll(/^deb(?:-src)? (?:\[[^\]]*\] )?http:\/\/([^/\s]+)/gm)].map(([, host = ""]) => host);
  return [...new Set(hosts)];
}

export async function writeSettings(
  root: string,
  settings: { readonly aptHosts: readonly string[]; readonly pip?: string; readonly npm?: string },
): Promise<void> {
  await place(join(root, "packages.json"), new TextEncoder().encode(`${JSON.stringify(settings)}\n`));
}
