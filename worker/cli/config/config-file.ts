/** ~/.docker/config.json: https://docs.docker.com/reference/cli/docker/#configuration-files. Unknown entries are kept. */
import type { CliInvocation } from "../invocation.ts";
import { CliError, messageOf } from "../session/errors.ts";

/** Credentials of a registry, as the Engine API takes them. */
export interface AuthConfig {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly serveraddress: string;
}

export interface ConfigFile {
  readonly auths?: Readonly<Record<string, AuthEntry>>;
  readonly HttpHeaders?: Readonly<Record<string, string>>;
  readonly psFormat?: string;
  readonly imagesFormat?: string;
  readonly networksFormat?: string;
  readonly pluginsFormat?: string;
  readonly volumesFormat?: string;
  readonly statsFormat?: string;
  readonly servicesFormat?: string;
  readonly tasksFormat?: string;
  readonly secretFormat?: string;
  readonly configFormat?: string;
  readonly nodesFormat?: string;
  readonly detachKeys?: string;
  readonly currentContext?: string;
  readonly proxies?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly [other: string]: unknown;
}
export interface AuthEntry {
  /** base64 of "user:password". */
  readonly auth?: string;
  readonly identitytoken?: string;
  readonly [other: string]: unknown;
}

export function configDirectoryOf(env: Readonly<Record<string, string>>): string {
  const { DOCKER_CONFIG, HOME } = env;
  return DOCKER_CONFIG !== undefined && DOCKER_CONFIG !== "" ? DOCKER_CONFIG : joinPath(HOME ?? "/root", ".docker");
}

export const joinPath = (directory: string, name: string): string => `${directory.replace(/\/+$/, "")}/${name}`;
/** Paths are the caller's: relative to its working directory. */
export const resolvePath = (cwd: string, path: string): string => (path.startsWith("/") ? path : joinPath(cwd, path));

export async function loadConfig(
  invocation: CliInvocation,
  directory: string,
): Promise<{ readonly config: ConfigFile; readonly warning?: string }> {
  const path = joinPath(directory, "config.json");
  let bytes: Uint8Array;
  try {
    bytes = await invocation.files.read(resolvePath(invocation.cwd, path));
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    return code === "ENOENT" || code === "ENOTDIR"
      ? { config: {} }
      : { config: {}, warning: `WARNING: Error loading config file: ${messageOf(error)}` };
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("not an object");
    return { config: value as ConfigFile };
  } catch {
    return {
      config: {},
      warning: `WARNING: Error parsing config file (${path}): invalid character or unexpected end of JSON input`,
    };
  }
}

export async function saveConfig(invocation: CliInvocation, directory: string, config: ConfigFile): Promise<void> {
  const path = resolvePath(invocation.cwd, joinPath(directory, "config.json"));
  await invocation.files.mkdir(resolvePath(invocation.cwd, directory), { mode: 0o700, parents: true });
  await writeFile(invocation, path, `${JSON.stringify(config, null, "\t")}`, 0o600);
}

export async function writeFile(invocation: CliInvocation, path: string, text: string, mode: number): Promise<void> {
  const writer = invocation.files.create(path, { mode }).getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (cause) {
    throw new CliError(messageOf(cause), 1, { cause });
  }
}
