/**
 * `docker trust …`. Docker Content Trust needs a notary server beside the registry. None can be reached from this machine, so that
 * nothing is signed: commands that look say so, commands that change fail.
 */
import { familiar, normalizedReference } from "../../image/reference.ts";
import type { Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";

export const noNotary = "error contacting notary server: dial tcp: lookup notary.docker.io: no such host";

export const inspect: Handler = async ({ args, flags, out }) => {
  const errors = args.map((image) => `no signatures or cannot access ${familiar(normalizedReference(image))}`);
  if (!flags.bool("pretty")) out.line("[]");
  throw new CliError(errors.join("\n"));
};

export const needsNotary: Handler = async () => {
  throw new CliError(noNotary);
};
