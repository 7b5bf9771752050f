/** `docker login` and `docker logout`: credentials are checked by the engine and kept in config.json. */
import { authFor, encodeEntry, hubAuthKey } from "../../config/auth.ts";
import { type AuthEntry, saveConfig } from "../../config/config-file.ts";
import { readLine, readSecret } from "../../io/prompt.ts";
import type { Context, Handler } from "../../session/context.ts";
import { ApiError, CliError, messageOf } from "../../session/errors.ts";

const hostnameOf = (address: string): string => address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");

export const login: Handler = async (context) => {
  const { flags, args, err, out, invocation, config } = context;
  let password = flags.string("password");
  const username = flags.string("username");
  if (flags.bool("password-stdin") && flags.changed("password"))
    throw new CliError("conflicting options: cannot specify both --password and --password-stdin");
  if (flags.changed("username") && username === "") throw new CliError("username is empty");
  if (flags.changed("password") && password === "") throw new CliError("password is empty");
  if (password !== "") err.line("WARNING! Using --password via the CLI is insecure. Use --password-stdin.");
  if (flags.bool("password-stdin")) {
    if (username === "") throw new CliError("the --password-stdin option requires --username to be set");
    password = (await new Response(invocation.stdin).text()).replace(/\n$/, "").replace(/\r$/, "");
  }
  const [given = ""] = args;
  const isHub = given === "" || given === "docker.io";
  const server = isHub ? hubAuthKey : hostnameOf(given);
  const stored = username === "" && password === "" ? authFor(config, server) : undefined;
  if (stored?.username !== undefined && stored.password !== undefined) {
    err.line(`Authenticating with existing credentials... [Username: ${stored.username}]`);
    err.print("\nInfo → To login with a different account, run 'docker logout' followed by 'docker login'\n\n\n");
    try {
      out.line(await authenticate(context, { username: stored.username, password: stored.password, server }));
      return 0;
    } catch (error) {
      err.line(
        error instanceof ApiError && error.status === 401
          ? "Stored credentials invalid or expired"
          : `Login did not succeed, error: ${messageOf(error)}`,
      );
    }
  }
  if ((username === "" || password === "") && !invocation.terminal.stdin)
    throw new CliError("Error: Cannot perform an interactive login from a non TTY device");
  const credentials = await ask(context, { username, password, server, known: stored?.username ?? "" });
  out.line(await authenticate(context, credentials));
  return 0;
};

interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly server: string;
}

async function ask(context: Context, given: Credentials & { readonly known: string }): Promise<Credentials> {
  const { out } = context;
  let username = given.username.trim();
  if (username === "") {
    if (given.server === hubAuthKey)
      out.print(
        "Log in with your Docker ID or email address to push and pull images from Docker Hub. If you don't have a Docker ID, head over to https://hub.docker.com/ to create one.\nYou can log in with your password or a Personal Access Token (PAT). Using a limited-scope PAT grants better security and is required for organizations using SSO. Learn more at https://docs.docker.com/go/access-tokens/\n\n",
      );
    username =
      (await readLine(context, given.known === "" ? "Username: " : `Username (${given.known}): `)).trim() ||
      given.known;
    if (username === "") throw new CliError("Error: Non-null Username Required");
  }
  const password = given.password === "" ? (await readSecret(context, "Password: ")).trim() : given.password;
  if (password === "") throw new CliError("Error: Password Required");
  return { username, password, server: given.server };
}

async function authenticate(context: Context, { username, password, server }: Credentials): Promise<string> {
  const { client, config, invocation, configDirectory, err } = context;
  const { Status, IdentityToken } = await client.post<{ readonly Status: string; readonly IdentityToken?: string }>(
    "/auth",
    {
      username,
      password,
      serveraddress: server,
    },
  );
  const entry: AuthEntry =
    IdentityToken !== undefined && IdentityToken !== ""
      ? { ...encodeEntry(username, ""), identitytoken: IdentityToken }
      : encodeEntry(username, password);
  await saveConfig(invocation, configDirectory, { ...config, auths: { ...config.auths, [server]: entry } });
  err.print(
    `\nWARNING! Your credentials are stored unencrypted in '${configDirectory}/config.json'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`,
  );
  return Status;
}

export const logout: Handler = async ({ args, out, config, invocation, configDirectory }) => {
  const [given = ""] = args;
  const isHub = given === "";
  const hostname = isHub ? hubAuthKey : hostnameOf(given);
  out.line(`Removing login credentials for ${hostname}`);
  const names = isHub ? [hubAuthKey] : [given, hostname, `http://${hostname}`, `https://${hostname}`];
  const kept = Object.entries(config.auths ?? {}).filter(([name]) => !names.includes(name));
  if (kept.length < Object.keys(config.auths ?? {}).length)
    await saveConfig(invocation, configDirectory, { ...config, auths: Object.fromEntries(kept) });
  return 0;
};
