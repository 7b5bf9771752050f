/**
 * `docker context`: named endpoints below ~/.docker/contexts/meta/<sha256 of the name>/meta.json. The one named "default" is not
 * stored; it stands for DOCKER_HOST or the local socket.
 */
import type { CliInvocation } from "../invocation.ts";
import { CliError } from "../session/errors.ts";
import { type ConfigFile, joinPath, resolvePath, writeFile } from "./config-file.ts";

export const defaultHost = "unix:///var/run/docker.sock";

export interface ContextMeta {
  readonly Name: string;
  readonly Metadata: Readonly<Record<string, unknown>>;
  readonly Endpoints: Readonly<Record<string, { readonly Host?: string; readonly SkipTLSVerify?: boolean }>>;
}

/** Which context is meant, before it is looked up; -H and DOCKER_HOST mean the default one. */
export function contextNameOf(
  options: { readonly host: string | undefined; readonly context: string | undefined },
  env: Readonly<Record<string, string>>,
  config: ConfigFile,
): string {
  if (options.context !== undefined && options.context !== "") return options.context;
  if (options.host !== undefined) return "default";
  if ((env.DOCKER_HOST ?? "") !== "") return "default";
  const fromEnv = env.DOCKER_CONTEXT ?? "";
  if (fromEnv !== "") return fromEnv;
  return config.currentContext ?? "default";
}

export async function directoryOfContext(configDirectory: string, name: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name));
  const hex = [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
  return joinPath(configDirectory, `contexts/meta/${hex}`);
}

export function defaultContext(env: Readonly<Record<string, string>>): ContextMeta {
  const host = env.DOCKER_HOST ?? "";
  return {
    Name: "default",
    Metadata: {},
    Endpoints: { docker: { Host: host === "" ? defaultHost : host, SkipTLSVerify: false } },
  };
}

export async function readContext(
  invocation: CliInvocation,
  configDirectory: string,
  name: string,
): Promise<ContextMeta> {
  if (name === "default") return defaultContext(invocation.env);
  const path = joinPath(await directoryOfContext(configDirectory, name), "meta.json");
  try {
    const bytes = await invocation.files.read(resolvePath(invocation.cwd, path));
    return JSON.parse(new TextDecoder().decode(bytes)) as ContextMeta;
  } catch (cause) {
    throw new CliError(
      `context ${JSON.stringify(name)}: context not found: open ${path}: no such file or directory`,
      1,
      { cause },
    );
  }
}

export async function listContexts(
  invocation: CliInvocation,
  configDirectory: string,
): Promise<readonly ContextMeta[]> {
  const root = resolvePath(invocation.cwd, joinPath(configDirectory, "contexts/meta"));
  const stored: ContextMeta[] = [];
  if ((await invocation.files.stat(root)) !== undefined)
    for (const { path, type } of await invocation.files.walk(root)) {
      if (type !== "file" || !path.endsWith("meta.json")) continue;
      const bytes = await invocation.files.read(joinPath(root, path));
      stored.push(JSON.parse(new TextDecoder().decode(bytes)) as ContextMeta);
    }
  return [defaultContext(invocation.env), ...stored.sort((a, b) => (a.Name < b.Name ? -1 : 1))];
}

export async function writeContext(
  invocation: CliInvocation,
  configDirectory: string,
  meta: ContextMeta,
): Promise<void> {
  const directory = resolvePath(invocation.cwd, await directoryOfContext(configDirectory, meta.Name));
  await invocation.files.mkdir(directory, { mode: 0o755, parents: true });
  await writeFile(invocation, joinPath(directory, "meta.json"), JSON.stringify(meta), 0o644);
}

export const hostOf = (meta: ContextMeta): string => meta.Endpoints.docker?.Host ?? defaultHost;
