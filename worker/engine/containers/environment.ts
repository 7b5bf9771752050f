/** Environment variables of container processes. */
import type { ContainerRecord } from "./model.ts";

export const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const keyOf = (variable: string): string => variable.split("=", 1)[0] ?? "";

/** moby's ReplaceOrAppendEnvVars: a name without "=" takes the variable away. */
export function withVariables(base: readonly string[], more: readonly string[]): readonly string[] {
  const out = [...base];
  for (const variable of more) {
    const key = keyOf(variable);
    const at = out.findIndex((v) => keyOf(v) === key);
    if (!variable.includes("=")) {
      if (at >= 0) out.splice(at, 1);
    } else if (at >= 0) out[at] = variable;
    else out.push(variable);
  }
  return out;
}

/** By which the images of Python and Node.js say what they are, and the prefixes of what their package managers and libraries read. */
const languages: readonly (readonly [mark: string, prefix: string])[] = [
  ["PYTHON_VERSION=", "PIP_"],
  ["PYTHON_VERSION=", "REQUESTS_"],
  ["NODE_VERSION=", "npm_"],
  ["NODE_VERSION=", "NODE_EXTRA_"],
];

/** Of the machine's package variables those that concern the image: they are no part of the container's configuration. */
function packageVariablesFor(env: readonly string[], variables: readonly string[]): readonly string[] {
  const prefixes = languages.filter(([mark]) => env.some((v) => v.startsWith(mark))).map(([, prefix]) => prefix);
  return variables.filter((variable) => prefixes.some((prefix) => variable.startsWith(prefix)));
}

/** What a container's variables come from beside its configuration. */
export interface EnvironmentSources {
  readonly packageVariables?: readonly string[] | undefined;
  /** Of its links. */
  readonly linked?: readonly string[] | undefined;
}

/** PATH, HOSTNAME, TERM with a terminal, where packages are, what links tell, then what the configuration says. */
export function containerEnvironment(
  record: ContainerRecord,
  hostname: string,
  { packageVariables = [], linked = [] }: EnvironmentSources = {},
): readonly string[] {
  const base = [
    defaultPath,
    `HOSTNAME=${hostname}`,
    ...(record.config.Tty ? ["TERM=xterm"] : []),
    ...packageVariablesFor(record.config.Env ?? [], packageVariables),
    ...linked,
  ];
  // An empty HOME is none to runc, which takes the user's.
  return withVariables(base, record.config.Env ?? []).filter((variable) => variable !== "HOME=");
}
