/** Files of KEY=VALUE lines (`--env-file`, `--label-file`) and pairs: docker/cli's kvfile. */
import { resolvePath } from "../config/config-file.ts";
import { cut } from "../flags/values.ts";
import type { CliInvocation } from "../invocation.ts";
import { CliError } from "../session/errors.ts";

/** `lookup`: what a bare KEY in the file stands for; without it bare keys are dropped. */
export async function readKeyValues(
  invocation: CliInvocation,
  files: readonly string[],
  given: readonly string[],
  lookup?: (name: string) => string | undefined,
): Promise<readonly string[]> {
  const out: string[] = [];
  for (const file of files) {
    const bytes = await invocation.files.read(resolvePath(invocation.cwd, file)).catch((error: Error) => {
      throw new CliError(error.message.replace(resolvePath(invocation.cwd, file), file));
    });
    out.push(...parseKeyValues(file, bytes, lookup));
  }
  return [...out, ...given];
}

export function parseKeyValues(
  file: string,
  bytes: Uint8Array,
  lookup: ((name: string) => string | undefined) | undefined,
): readonly string[] {
  const fail = (message: string): never => {
    throw new CliError(`invalid env file (${file}): ${message}`);
  };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return fail("invalid utf8 bytes");
  }
  const out: string[] = [];
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trimStart();
    if (line === "" || line.startsWith("#")) continue;
    const [key, , has] = cut(line, "=");
    if (key === "") return fail(`no variable name on line '${line}'`);
    if (/[ \t]/.test(key)) return fail(`variable '${key}' contains whitespaces`);
    if (has) out.push(line);
    else {
      const value = lookup?.(line);
      if (value !== undefined) out.push(`${key}=${value}`);
    }
  }
  return out;
}

/** ["a=b"] to {a: "b"}. */
export function toMap(pairs: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const pair of pairs) {
    const [key, value] = cut(pair, "=");
    out[key] = value;
  }
  return out;
}
