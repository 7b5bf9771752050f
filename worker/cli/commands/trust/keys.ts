/** `docker trust key generate` and `load`: key pairs for signing, kept encrypted below ~/.docker/trust/private. */

import { decodePem, encodePem } from "../../../asn1/pem.ts";
import { joinPath, resolvePath, writeFile } from "../../config/config-file.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import { newPassphrase, passphraseOf } from "../../trust/passphrase.ts";
import { decryptKey, encryptKey, generateKey, keyId, type PrivateKey, readKey } from "../../trust/private-key.ts";

const validName = /^[a-z0-9][a-z0-9_-]*$/;

function checkName(name: string): void {
  if (!validName.test(name))
    throw new CliError(
      `key name "${name}" must start with lowercase alphanumeric characters and can include "-" or "_" after the first character`,
    );
}

export const generate: Handler = async (context) => {
  const { args, flags, invocation, out } = context;
  const [name = ""] = args;
  const directory = flags.string("dir") || invocation.cwd;
  const target = joinPath(directory, `${name}.pub`);
  const files = invocation.files;
  const at = (path: string): string => resolvePath(invocation.cwd, path);
  checkName(name);
  if ((await files.stat(at(directory))) === undefined)
    throw new CliError(`public key path does not exist: "${directory}"`);
  if ((await files.stat(at(target))) !== undefined) throw new CliError(`public key file already exists: "${target}"`);
  out.line(`Generating key for ${name}...`);
  const key = await generateKey();
  try {
    await storeKey(context, name, key);
  } catch (cause) {
    out.print(messageOf(cause));
    throw new CliError(`failed to generate key for ${name}: ${messageOf(cause)}`, 1, { cause });
  }
  const text = encodePem({ type: "PUBLIC KEY", headers: { role: name }, bytes: key.spki });
  await writeFile(invocation, at(target), text, 0o600);
  out.line(`Successfully generated and loaded private key. Corresponding public key available: ${target}`);
  return 0;
};

export const load: Handler = async (context) => {
  const { args, flags, out } = context;
  const [path = ""] = args;
  const name = flags.string("name");
  if (name !== "") checkName(name);
  out.line(`Loading key from "${path}"...`);
  const text = await readPrivateFile(context, path);
  try {
    await storeKey(context, name, await privateKey(context, path, text));
  } catch (cause) {
    throw new CliError(`error importing key from ${path}: ${messageOf(cause)}`, 1, { cause });
  }
  out.line(`Successfully imported key from ${path}`);
  return 0;
};

async function readPrivateFile({ invocation }: Context, path: string): Promise<string> {
  const full = resolvePath(invocation.cwd, path);
  const refuse = (why: string): CliError => new CliError(`refusing to load key from ${path}: ${why}`);
  const info = await invocation.files.stat(full);
  if (info === undefined) throw refuse(`stat ${path}: no such file or directory`);
  if ((info.mode & 0o077) !== 0) throw refuse(`private key file ${path} must not be readable or writable by others`);
  return new TextDecoder().decode(await invocation.files.read(full));
}

async function privateKey(context: Context, path: string, text: string): Promise<PrivateKey> {
  const block = decodePem(text);
  const unsupported = new CliError(
    `provided file ${path} is not a supported private key - to add a signer's public key use docker trust signer add`,
  );
  if (block === undefined) throw unsupported;
  const isEncrypted = block.type === "ENCRYPTED PRIVATE KEY" || block.headers["DEK-Info"] !== undefined;
  if (!isEncrypted) {
    const key = await readKey(block.type, block.bytes);
    if (key === undefined) throw unsupported;
    return key;
  }
  const passphrase = await passphraseOf(context, "encrypted");
  const bytes = await decryptKey(block.bytes, passphrase).catch(() => undefined);
  const key = bytes === undefined ? undefined : await readKey("PRIVATE KEY", bytes);
  if (key === undefined) throw new CliError(`cannot load key from provided file ${path}: could not decrypt key`);
  return key;
}

async function storeKey(context: Context, role: string, key: PrivateKey): Promise<void> {
  const { configDirectory, invocation } = context;
  const id = await keyId(key);
  const bytes = await encryptKey(key, await newPassphrase(context, role, id));
  const directory = joinPath(configDirectory, "trust/private");
  await invocation.files.mkdir(directory, { mode: 0o700, parents: true });
  const text = encodePem({ type: "ENCRYPTED PRIVATE KEY", headers: { role }, bytes });
  await writeFile(invocation, joinPath(directory, `${id}.key`), text, 0o600);
}
