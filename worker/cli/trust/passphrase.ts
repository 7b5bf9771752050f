/** Passphrases of signing keys: from the environment, else asked for (notary, passphrase.PromptRetriever). */
import { readSecret } from "../io/prompt.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";

const attempts = 10;
const minimum = 8;

const fromEnvironment = ({ invocation }: Context): string =>
  invocation.env.DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE ?? "";

/** For a key that is stored for the first time; asked for twice. */
export async function newPassphrase(context: Context, role: string, id: string): Promise<string> {
  const given = fromEnvironment(context);
  if (given !== "") return given;
  const { out } = context;
  for (let attempt = 0; attempt <= attempts + 1; attempt++) {
    const passphrase = await ask(context, `Enter passphrase for new ${role} key with ID ${id.slice(0, 7)}: `);
    if (passphrase === undefined) continue;
    if (passphrase.length < minimum) {
      out.line(
        "Passphrase is too short. Please use a password manager to generate and store a good random passphrase.",
      );
      continue;
    }
    const repeated = await ask(context, `Repeat passphrase for new ${role} key with ID ${id.slice(0, 7)}: `);
    if (repeated === passphrase) return passphrase;
    out.line("Passphrases do not match. Please retry.");
  }
  throw new CliError("maximum number of passphrase attempts exceeded");
}

export async function passphraseOf(context: Context, name: string): Promise<string> {
  return fromEnvironment(context) || ((await ask(context, `Enter passphrase for ${name} key: `)) ?? "");
}

/** Where there is no terminal the question is put all the same, and nobody answers. */
async function ask(context: Context, question: string): Promise<string | undefined> {
  if (context.invocation.terminal.stdin) return await readSecret(context, question);
  context.out.line(question);
  return undefined;
}
