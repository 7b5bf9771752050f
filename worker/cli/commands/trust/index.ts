/** `docker trust …`: what a notary says of repositories, and what may be changed there. */

import { decodePem } from "../../../asn1/pem.ts";
import { resolvePath } from "../../config/config-file.ts";
import { familiar, normalizedReference, type Reference } from "../../image/reference.ts";
import { confirm } from "../../io/prompt.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import { cannotWrite, notaryOf, trustData } from "../../trust/notary.ts";

export { generate, load } from "./keys.ts";

export const inspect: Handler = async (context) => {
  const { args, flags, out } = context;
  const pretty = flags.bool("pretty");
  const errors: string[] = [];
  for (const name of args) {
    const error = await notSigned(context, name).catch(messageOf);
    errors.push(error);
    if (pretty) break;
  }
  if (!pretty) out.line("[]");
  throw new CliError(errors.join("\n"));
};

async function notSigned(context: Context, name: string): Promise<string> {
  const reference = normalizedReference(name);
  const { kind } = await trustData(context, reference);
  return kind === "present"
    ? `trust data for ${familiar(reference)} cannot be read by this client`
    : `no signatures or cannot access ${name}`;
}

export const sign: Handler = async (context) => {
  const [name = ""] = context.args;
  const reference = normalizedReference(name);
  if (reference.digest !== undefined) throw new CliError("cannot use a digest reference for IMAGE:TAG");
  if (reference.tag === undefined) throw new CliError(`no tag specified for ${name}`);
  throw await failureOf(context, reference, (reason) => `Error: error contacting notary server: ${reason}`);
};

export const revoke: Handler = async (context) => {
  const [name = ""] = context.args;
  const reference = normalizedReference(name);
  if (reference.digest !== undefined) throw new CliError("cannot use a digest reference for IMAGE:TAG");
  const all = reference.tag === undefined && !context.flags.bool("yes");
  if (all && !(await confirm(context, `Confirm you would like to delete all signature data for ${name}?`))) return 0;
  throw await failureOf(context, reference, (reason) => `could not remove signature for ${name}: ${reason}`);
};

export const addSigner: Handler = async (context) => {
  const { args, flags } = context;
  const [name = "", ...repositories] = args;
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(name))
    throw new CliError(
      `signer name "${name}" must start with lowercase alphanumeric characters and can include "-" or "_" after the first character`,
    );
  if (name === "releases") throw new CliError("releases is a reserved keyword, use a different signer name");
  const keys = flags.list("key");
  if (keys.length === 0) throw new CliError("path to a public key must be provided using the `--key` flag");
  for (const path of keys) await checkPublicKey(context, path);
  await everywhere(context, repositories, {
    doing: (repository) => `Adding signer "${name}" to ${repository}...`,
    act: async (repository) => {
      throw await failureOf(
        context,
        normalizedReference(repository),
        (reason) => `Error: error contacting notary server: ${reason}`,
      );
    },
    failed: "failed to add signer to",
  });
  return 0;
};

export const removeSigner: Handler = async (context) => {
  const [name = "", ...repositories] = context.args;
  await everywhere(context, repositories, {
    doing: (repository) => `Removing signer "${name}" from ${repository}...`,
    act: async (repository) => {
      const reference = normalizedReference(repository);
      if (name === "releases") throw new CliError("releases is a reserved keyword and cannot be removed");
      throw await failureOf(context, reference, (reason) => `error retrieving signers for ${repository}: ${reason}`);
    },
    failed: "error removing signer from",
  });
  return 0;
};

async function failureOf(
  context: Context,
  reference: Reference,
  unreachable: (reason: string) => string,
): Promise<CliError> {
  notaryOf(context, reference);
  const data = await trustData(context, reference);
  return data.kind === "unreachable" ? new CliError(unreachable(data.reason)) : cannotWrite(familiar(reference));
}

async function checkPublicKey({ invocation }: Context, path: string): Promise<void> {
  const full = resolvePath(invocation.cwd, path);
  const bytes = await invocation.files.read(full).catch((error) => {
    throw new CliError(`unable to read public key from file: ${messageOf(error).replace(full, path)}`);
  });
  const block = decodePem(new TextDecoder().decode(bytes));
  if (block === undefined || !["PUBLIC KEY", "CERTIFICATE"].includes(block.type))
    throw new CliError(`could not parse public key from file: ${path}: no valid public key found`);
}

/** One repository after the other; a failure stops none of the others. */
async function everywhere(
  { out, err }: Context,
  repositories: readonly string[],
  what: {
    doing(repository: string): string;
    act(repository: string): Promise<void>;
    readonly failed: string;
  },
): Promise<void> {
  const failed: string[] = [];
  for (const repository of repositories) {
    out.line(what.doing(repository));
    try {
      await what.act(repository);
    } catch (error) {
      err.line(`${messageOf(error)}\n`);
      failed.push(repository);
    }
  }
  if (failed.length > 0) throw new CliError(`${what.failed}: ${failed.join(", ")}`);
}
