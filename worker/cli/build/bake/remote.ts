/**
 * Bake files at an address, a Git repository's or an archive's: the engine fetches them, as it fetches contexts, and contexts that they name lie
 * there as well; "cwd://" leads back to the client's folder (buildx, bake/remote.go).
 */
import { untarFiles } from "../../io/small-tar.ts";
import { readBytes } from "../../session/client.ts";
import type { Context } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";
import { failureText } from "../excerpt.ts";
import type { Message } from "../status.ts";
import type { SourceFile } from "./hcl-file.ts";
import type { Target } from "./target.ts";

export const isRemote = (text: string): boolean => /^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(text);

/** Those of the names that are there. */
export async function fetchDefinitions(
  { client, signal }: Context,
  address: string,
  names: readonly string[],
): Promise<readonly SourceFile[]> {
  // A pattern that fits nothing is no error.
  const patterns = names.map((name) => `${name.slice(0, -1)}[${name.slice(-1)}]`);
  const request = {
    remote: address,
    dockerfile: `FROM scratch\nCOPY --parents ${JSON.stringify([...patterns, "/"])}\n`,
    dockerfileName: "Dockerfile",
    outputs: ["files"],
  };
  const { Id } = await client.post<{ readonly Id: string }>("/drydock/builds", request);
  for await (const message of client.lines("POST", `/drydock/builds/${Id}/run`, { signal })) {
    const { result, failure } = message as Message;
    if (failure !== undefined) throw new CliError(failureText(failure));
    if (result === undefined) continue;
    const tar = readBytes(await client.call("GET", `/drydock/builds/${result.ref}/files`));
    const files = untarFiles(
      new Uint8Array(await new Response(tar as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer()),
    );
    return names.flatMap((name) => {
      const found = files.find(({ path }) => path === name);
      return found === undefined ? [] : [{ name, text: new TextDecoder().decode(found.data) }];
    });
  }
  throw new CliError("the engine ended without a result");
}

/** A target of such a file, with its contexts where they are. */
export function placed(target: Target, address: string): Target {
  const contexts = Object.entries(target.contexts ?? {}).map(([name, path]) => [name, placeOf(path, address)] as const);
  return {
    ...target,
    context: placeOf(target.context ?? ".", address),
    ...(contexts.length === 0 ? {} : { contexts: Object.fromEntries(contexts) }),
  };
}

function placeOf(path: string, address: string): string {
  if (path.startsWith("cwd://")) return path.slice("cwd://".length) || ".";
  if (isRemote(path) || /^[a-z-]+:/.test(path)) return path;
  const folder = path.replace(/^(\.\/)+|^\.$|\/+$/g, "");
  if (folder === "") return address;
  const [url = "", fragment = ""] = address.split("#");
  if (!/\.git$|^git|^github\.com\//.test(url))
    throw new CliError(
      `context ${path} lies inside of ${address}: only a Git repository's folders can be named from here`,
    );
  const [ref = "", subdirectory = ""] = fragment.split(":");
  return `${url}#${ref}:${subdirectory === "" ? folder : `${subdirectory}/${folder}`}`;
}
