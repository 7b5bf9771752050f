/**
 * Programs that keep credentials in place of config.json: `credsStore` for all registries, `credHelpers` for single ones. A helper is
 * `docker-credential-NAME`, told what to do by its argument and by JSON on its stdin:
 * https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol.
 */
import type { CliInvocation } from "../invocation.ts";
import { CliError, messageOf } from "../session/errors.ts";
import type { AuthConfig, ConfigFile } from "./config-file.ts";

/** Stands for a user's name where the secret is a token. */
const tokenUser = "<token>";
const notFound = "credentials not found in native keychain";

export function credentialHelperFor(config: ConfigFile, server: string): string | undefined {
  const name = config.credHelpers?.[server] ?? config.credsStore ?? "";
  return name === "" ? undefined : `docker-credential-${name}`;
}

export async function getFromHelper(
  invocation: CliInvocation,
  helper: string,
  server: string,
): Promise<AuthConfig | undefined> {
  const answer = await callHelper(invocation, helper, "get", server, [notFound]);
  if (answer === undefined) return undefined;
  const { Username = "", Secret = "" } = JSON.parse(answer) as { readonly Username?: string; readonly Secret?: string };
  return Username === tokenUser
    ? { identitytoken: Secret, serveraddress: server }
    : { username: Username, password: Secret, serveraddress: server };
}

export async function storeInHelper(invocation: CliInvocation, helper: string, auth: AuthConfig): Promise<void> {
  const { username = "", password = "", identitytoken, serveraddress } = auth;
  const credentials = {
    ServerURL: serveraddress,
    Username: identitytoken === undefined ? username : tokenUser,
    Secret: identitytoken ?? password,
  };
  await callHelper(invocation, helper, "store", `${JSON.stringify(credentials)}\n`);
}

export async function eraseFromHelper(invocation: CliInvocation, helper: string, server: string): Promise<void> {
  await callHelper(invocation, helper, "erase", server);
}

/** The servers whose credentials the helper keeps. */
export async function listHelper(invocation: CliInvocation, helper: string): Promise<readonly string[]> {
  const answer = (await callHelper(invocation, helper, "list", "unused")) ?? "{}";
  return Object.keys(JSON.parse(answer) as object);
}

const doing = { get: "getting", store: "storing", erase: "erasing", list: "listing" } as const;

/** The helper's output; nothing when it failed with one of the `expected` words. */
async function callHelper(
  { run, env, cwd }: CliInvocation,
  helper: string,
  action: keyof typeof doing,
  input: string,
  expected: readonly string[] = [],
): Promise<string | undefined> {
  const failure = (reason: string, output: string): CliError =>
    new CliError(`error ${doing[action]} credentials - err: ${reason}, out: \`${output}\``);
  let ended: { readonly code: number; readonly stdout: string } | undefined;
  try {
    ended = await run?.([helper, action], { stdin: input, env, cwd });
  } catch (cause) {
    throw failure(messageOf(cause), "");
  }
  if (ended === undefined) throw failure(`exec: ${JSON.stringify(helper)}: executable file not found in $PATH`, "");
  const output = ended.stdout.trim();
  if (ended.code === 0) return ended.stdout;
  if (expected.includes(output)) return undefined;
  throw failure(`exit status ${ended.code}`, output);
}
