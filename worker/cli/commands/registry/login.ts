/** `docker login` and `docker logout`: credentials are checked by the engine and kept by a helper or in config.json. */

import { findAuth, hostnameOf, hubAuthKey } from "../../config/auth.ts";
import type { AuthConfig } from "../../config/config-file.ts";
import { eraseCredentials, storeCredentials } from "../../config/credential-store.ts";
import { note, underline } from "../../format/style.ts";
import { readLine, readSecret } from "../../io/prompt.ts";
import type { Context, Handler } from "../../session/context.ts";
import { ApiError, CliError, messageOf } from "../../session/errors.ts";
import { loginByDevice, logoutDevice } from "./device-login.ts";

export const login: Handler = async (context) => {
  const { args, out } = context;
  const given = await givenCredentials(context);
  const server = args[0] === undefined || ["", "docker.io"].includes(args[0]) ? hubAuthKey : hostnameOf(args[0]);
  const asks = given.username === "" && given.password === "";
  const stored = asks ? await findAuth(context, server).catch(() => undefined) : undefined;
  const status =
    (stored === undefined ? undefined : await loginWithStored(context, stored)) ??
    (await loginWithNew(context, { ...given, server, known: stored?.username ?? "" }));
  if (status !== "") out.line(status);
  return 0;
};

interface Given {
  readonly username: string;
  readonly password: string;
}

async function givenCredentials({ flags, err, invocation }: Context): Promise<Given> {
  const username = flags.string("username");
  const password = flags.string("password");
  if (flags.changed("password-stdin")) {
    if (flags.changed("password"))
      throw new CliError("conflicting options: cannot specify both --password and --password-stdin");
    if (!flags.changed("username")) throw new CliError("the --password-stdin option requires --username to be set");
  }
  if (flags.changed("username") && username === "") throw new CliError("username is empty");
  if (flags.changed("password") && password === "") throw new CliError("password is empty");
  if (password !== "") err.line("WARNING! Using --password via the CLI is insecure. Use --password-stdin.");
  if (!flags.bool("password-stdin")) return { username, password };
  const text = await new Response(invocation.stdin).text();
  return { username, password: text.replace(/\n$/, "").replace(/\r$/, "") };
}

/** Nothing when the registry does not take what is stored, and new credentials are to be asked for. */
async function loginWithStored(context: Context, stored: AuthConfig): Promise<string | undefined> {
  const { username, password, serveraddress } = stored;
  if ((username ?? "") === "" || (password ?? "") === "") return undefined;
  const { err } = context;
  err.line(`Authenticating with existing credentials... [Username: ${username}]`);
  err.print(note("To login with a different account, run 'docker logout' followed by 'docker login'", err.isTerminal));
  err.print("\n\n");
  try {
    return await authenticate(context, { username: username ?? "", password: password ?? "", serveraddress });
  } catch (error) {
    err.line(
      error instanceof ApiError && error.status === 401
        ? "Stored credentials invalid or expired"
        : `Login did not succeed, error: ${messageOf(error)}`,
    );
    return undefined;
  }
}

async function loginWithNew(
  context: Context,
  given: Given & { readonly server: string; readonly known: string },
): Promise<string> {
  const { invocation, err } = context;
  if ((given.username === "" || given.password === "") && !invocation.terminal.stdin)
    throw new CliError("Error: Cannot perform an interactive login from a non TTY device");
  const disabled = /^(1|t|true)$/i.test(invocation.env.DOCKER_CLI_DISABLE_OAUTH_LOGIN ?? "");
  if (given.server === hubAuthKey && given.username === "" && given.password === "" && !disabled) {
    const auth = await loginByDevice(context);
    if (auth !== undefined) return await authenticate(context, auth);
    err.print("Failed to start web-based login - falling back to command line login...\n\n");
  }
  return await authenticate(context, await ask(context, given));
}

const registerHint =
  "Log in with your Docker ID or email address to push and pull images from Docker Hub. If you don't have a Docker ID, head over to https://hub.docker.com/ to create one.";
const tokenHint =
  "You can log in with your password or a Personal Access Token (PAT). Using a limited-scope PAT grants better security and is required for organizations using SSO. Learn more at https://docs.docker.com/go/access-tokens/\n";

async function ask(
  context: Context,
  given: Given & { readonly server: string; readonly known: string },
): Promise<AuthConfig> {
  const { out, err, invocation } = context;
  const isHub = given.server === hubAuthKey;
  let username = given.username.trim();
  if (username === "") {
    if (isHub) out.line(registerHint);
    if (isHub && invocation.env.DOCKER_CLI_HINTS !== "false") out.line(tokenHint);
    const shown = given.known === "" ? "Username: " : `Username (${given.known}): `;
    username = (await readLine(context, shown)).trim() || given.known;
    if (username === "") throw new CliError("Error: Non-null Username Required");
  }
  let password = given.password.trim();
  if (password === "") {
    if (isHub) {
      const address = underline("https://app.docker.com/settings");
      err.print(
        note(
          `A Personal Access Token (PAT) can be used instead.\nTo create a PAT, visit ${address}\n\n`,
          err.isTerminal,
        ),
      );
      await err.flush();
    }
    password = (await readSecret(context, "Password: ")).trim();
  }
  if (password === "") throw new CliError("Error: Password Required");
  return { username, password, serveraddress: given.server };
}

async function authenticate(context: Context, auth: AuthConfig): Promise<string> {
  const { client, configDirectory, err } = context;
  const answer = await client.post<{ readonly Status: string; readonly IdentityToken?: string }>("/auth", auth);
  const { username = "", serveraddress } = auth;
  const token = answer.IdentityToken ?? "";
  const plain = await storeCredentials(
    context,
    token === "" ? auth : { username, serveraddress, identitytoken: token },
  );
  if (plain)
    err.print(
      `\nWARNING! Your credentials are stored unencrypted in '${configDirectory}/config.json'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`,
    );
  return answer.Status;
}

export const logout: Handler = async (context) => {
  const { args, out, err } = context;
  const [given = ""] = args;
  const isHub = given === "";
  const hostname = isHub ? hubAuthKey : hostnameOf(given);
  if (isHub) await logoutDevice(context).catch((error: unknown) => err.line(`WARNING: ${messageOf(error)}`));
  out.line(`Removing login credentials for ${hostname}`);
  // Older clients stored a registry under any of these.
  const names = isHub ? [hubAuthKey] : [given, hostname, `http://${hostname}`, `https://${hostname}`];
  const errors: string[] = [];
  for (const name of names)
    await eraseCredentials(context, name).catch((error: unknown) => errors.push(`${name}: ${messageOf(error)}`));
  if (errors.length === names.length) {
    err.line("WARNING: could not erase credentials:");
    for (const error of errors) err.line(error);
  }
  return 0;
};
