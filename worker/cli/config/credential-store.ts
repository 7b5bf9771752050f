/** Where `docker login` puts credentials and `docker logout` removes them: a helper, or config.json. */
import type { Context } from "../session/context.ts";
import { CliError, messageOf } from "../session/errors.ts";
import { encodeEntry } from "./auth.ts";
import type { AuthConfig } from "./config-file.ts";
import { type AuthEntry, loadConfig, saveConfig } from "./config-file.ts";
import { credentialHelperFor, eraseFromHelper, storeInHelper } from "./credential-helper.ts";

/** Answers whether the credentials lie in config.json, where everybody with this user's rights can read them. */
export async function storeCredentials(context: Context, auth: AuthConfig): Promise<boolean> {
  const { config, invocation } = context;
  const helper = credentialHelperFor(config, auth.serveraddress);
  if (helper !== undefined) {
    try {
      await storeInHelper(invocation, helper, auth);
    } catch (cause) {
      throw new CliError(`Error saving credentials: ${messageOf(cause)}`, 1, { cause });
    }
    await saveEntry(context, auth.serveraddress, {});
    return false;
  }
  const { username = "", password = "", identitytoken } = auth;
  const entry = identitytoken === undefined ? encodeEntry(username, password) : encodeEntry(username, "");
  await saveEntry(context, auth.serveraddress, { ...entry, ...(identitytoken !== undefined && { identitytoken }) });
  return true;
}

export async function eraseCredentials(context: Context, server: string): Promise<void> {
  const helper = credentialHelperFor(context.config, server);
  if (helper !== undefined) await eraseFromHelper(context.invocation, helper, server);
  await saveEntry(context, server, undefined);
}

/** The file is read again: a login stores more than one entry. */
async function saveEntry(context: Context, server: string, entry: AuthEntry | undefined): Promise<void> {
  const { invocation, configDirectory } = context;
  const { config } = await loadConfig(invocation, configDirectory);
  const known = config.auths?.[server] !== undefined;
  if (entry === undefined && !known) return;
  const others = Object.fromEntries(Object.entries(config.auths ?? {}).filter(([name]) => name !== server));
  const auths = entry === undefined ? others : { ...others, [server]: entry };
  await saveConfig(invocation, configDirectory, { ...config, auths });
}
