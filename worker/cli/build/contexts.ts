/** `--build-context`: further contexts by name: folders with ignore files of their own, images, addresses. */
import { resolvePath } from "../config/config-file.ts";
import type { CliInvocation } from "../invocation.ts";
import { CliError } from "../session/errors.ts";
import { type Folder, readIgnored } from "./context.ts";
import { failed } from "./failed.ts";

export interface NamedContexts {
  readonly contexts: Readonly<Record<string, object>>;
  /** By their place in the tar. */
  readonly folders: ReadonlyMap<string, Folder>;
}

export async function contextsOf(given: readonly string[], { files, cwd }: CliInvocation): Promise<NamedContexts> {
  const folders = new Map<string, Folder>();
  const contexts: Record<string, object> = {};
  for (const text of given) {
    const equals = text.indexOf("=");
    if (equals <= 0) throw new CliError(`ERROR: invalid context value: ${text}, expected key=value`);
    const [name, value] = [text.slice(0, equals), text.slice(equals + 1)];
    if (value.startsWith("docker-image://")) contexts[name] = { image: value.slice("docker-image://".length) };
    else if (/^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(value)) contexts[name] = { remote: value };
    else if (/^[a-z-]+:\/\//.test(value))
      throw failed(`--build-context ${name}: ${value} is not supported; name a folder, an address or docker-image://`);
    else {
      const directory = resolvePath(cwd, value);
      if ((await files.stat(directory, { follow: true })) === undefined)
        throw failed(`failed to get build context ${name}: stat ${value}: no such file or directory`);
      const prefix = `contexts/${folders.size}/`;
      const ignored = await readIgnored(files, directory, "");
      folders.set(prefix, { path: value, ignored });
      contexts[name] = { prefix, ...(ignored === undefined ? {} : { ignored }) };
    }
  }
  return { contexts, folders };
}
