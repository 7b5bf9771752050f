/** `--ssh`: agents by their sockets, and keys in files, for which the engine is the agent while it builds (buildx, sshprovider). */
import { resolvePath } from "../config/config-file.ts";
import type { CliInvocation } from "../invocation.ts";
import { failed } from "./failed.ts";

type Agent = { readonly socket: string } | { readonly keys: readonly string[] };

/** By id: "default", "ID=SOCKET" or "ID=KEY[,KEY]". */
export async function agentsOf(
  given: readonly string[],
  invocation: CliInvocation,
): Promise<Readonly<Record<string, Agent>>> {
  const agents: Record<string, Agent> = {};
  for (const text of given) {
    const [name = "", ...rest] = text.split("=");
    const list = rest.join("=");
    const named = list === "" ? [] : list.split(",");
    const wrong = (why: string): Error =>
      failed(`failed to convert agent config {${name} [${named.join(" ")}] false}: ${why}`);
    const paths = named.length > 0 ? named : [invocation.env.SSH_AUTH_SOCK ?? ""];
    if (paths[0] === "") throw wrong("invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set");
    const id = name || "default";
    if (id in agents) throw failed(`duplicate agent ID ${JSON.stringify(id)}`);
    agents[id] = await agentOf(paths, invocation).catch((error: Error) => {
      throw wrong(`failed to convert agent config for ID: ${JSON.stringify(name)}: ${error.message}`);
    });
  }
  return agents;
}

async function agentOf(paths: readonly string[], { files, cwd }: CliInvocation): Promise<Agent> {
  const keys: string[] = [];
  let socket: string | undefined;
  for (const path of paths) {
    if (socket !== undefined) throw new Error("only single socket allowed");
    const full = resolvePath(cwd, path);
    const found = await files.stat(full, { follow: true });
    if (found === undefined) throw new Error(`stat ${path}: no such file or directory`);
    if (found.type === "directory") throw new Error(`failed to read ${path}: read ${path}: is a directory`);
    if (found.type === "other") socket = full;
    else keys.push(await keyOf(path, await files.read(full)));
  }
  if (socket === undefined) return { keys };
  if (keys.length > 0) throw new Error("invalid combination of keys and sockets");
  return { socket };
}

/** Text of the file, once it is known to be a key. */
async function keyOf(path: string, bytes: Uint8Array): Promise<string> {
  const { readPrivateKey } = await import("../../ssh/index.ts");
  const text = new TextDecoder().decode(bytes);
  await readPrivateKey(text).catch((error: Error) => {
    throw new Error(`failed to parse ${path}: ${error.message}`);
  });
  return text;
}
