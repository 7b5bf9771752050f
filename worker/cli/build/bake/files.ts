/** Which files say what is baked, and what they say. */
import { resolvePath } from "../../config/config-file.ts";
import type { Context } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";
import type { Display } from "../status.ts";
import { readComposeFile } from "./compose-file.ts";
import { readBakeFiles, type SourceFile } from "./hcl-file.ts";
import { fetchDefinitions } from "./remote.ts";
import { type Definitions, mergeDefinitions } from "./target.ts";

/** Looked for in this order, all of them taken (buildx's defaultFilenames). */
const defaults = [
  ...["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"],
  ...["docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl"],
];
const digest = "bake-definitions";

/** `address`: of a repository or an archive that has them; "" is the client's own folder. */
export async function readDefinitions(
  context: Context,
  address: string,
  given: readonly string[],
  display: Display,
): Promise<Definitions> {
  const { now, invocation } = context;
  const name = address === "" ? "[internal] load local bake definitions" : "[internal] load remote bake definitions";
  const vertex = { digest, name };
  const started = new Date(now()).toISOString();
  const time = { started, timestamp: started };
  await display.message({ vertexes: [{ ...vertex, started }] });
  const files: SourceFile[] = [];
  try {
    const names = given.length > 0 ? given : defaults;
    const there = address === "" ? [] : names.filter((file) => !/^cwd:\/\/|^-$/.test(file));
    const fetched = address === "" ? [] : await fetchDefinitions(context, address, there);
    for (const name of names) {
      const text = there.includes(name)
        ? fetched.find((file) => file.name === name)?.text
        : await read(context, name, given.length > 0);
      if (text === undefined && there.includes(name) && given.length > 0)
        throw new CliError(`open ${name}: no such file or directory`);
      if (text === undefined) continue;
      files.push({ name, text });
      const size = `${text.length}B`;
      await display.message({
        statuses: [
          { id: `reading ${name} ${size} / ${size}`, vertex: vertex.digest, current: 0, completed: started, ...time },
        ],
      });
    }
  } finally {
    await display.message({ vertexes: [{ ...vertex, started, completed: new Date(now()).toISOString() }] });
  }
  if (files.length === 0) throw new CliError("couldn't find a bake definition");
  const env = { ...(await dotEnv(context)), ...invocation.env };
  const compose = files.filter(isCompose);
  const bake = files.filter((file) => !isCompose(file));
  return mergeDefinitions([
    ...compose.map((file) => readComposeFile(file, env)),
    ...(bake.length === 0 ? [] : [readBakeFiles(bake, invocation.env)]),
  ]);
}

const isCompose = ({ name, text }: SourceFile): boolean =>
  /\.ya?ml$/.test(name) || (name === "-" && /^services:/m.test(text));

async function read({ invocation }: Context, name: string, isNeeded: boolean): Promise<string | undefined> {
  const { files, cwd, stdin } = invocation;
  if (name === "-") return await new Response(stdin as ReadableStream<Uint8Array<ArrayBuffer>>).text();
  const path = resolvePath(cwd, name.replace(/^cwd:\/\//, ""));
  if ((await files.stat(path, { follow: true })) === undefined) {
    if (isNeeded) throw new CliError(`open ${name}: no such file or directory`);
    return undefined;
  }
  return new TextDecoder().decode(await files.read(path));
}

/** Compose's own file of variables beside it. */
async function dotEnv({ invocation }: Context): Promise<Readonly<Record<string, string>>> {
  const { files, cwd } = invocation;
  const path = resolvePath(cwd, ".env");
  if ((await files.stat(path)) === undefined) return {};
  const lines = new TextDecoder().decode(await files.read(path)).split("\n");
  return Object.fromEntries(
    lines.flatMap((line) => {
      const match = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$/.exec(line);
      return match === null ? [] : [[match[1] ?? "", (match[2] ?? "").replace(/^(["'])(.*)\1$/, "$2")]];
    }),
  );
}
