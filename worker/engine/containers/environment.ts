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

/** PATH, HOSTNAME, TERM with a terminal, then what the configuration says. */
export function containerEnvironment(record: ContainerRecord, hostname: string): readonly string[] {
  const base = [defaultPath, `HOSTNAME=${hostname}`, ...(record.config.Tty ? ["TERM=xterm"] : [])];
  return withVariables(base, record.config.Env ?? []);
}
