/** `docker pull`. */
import { pullImage } from "../../image/pull.ts";
import { normalizedReference, withDefaultTag } from "../../image/reference.ts";
import type { Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";

export const pull: Handler = async (context) => {
  const { flags, args, out, invocation } = context;
  const [image = ""] = args;
  const reference = normalizedReference(image);
  const all = flags.bool("all-tags");
  const quiet = flags.bool("quiet");
  if (all && (reference.tag !== undefined || reference.digest !== undefined))
    throw new CliError("tag can't be used with --all-tags/-a");
  const isDefault = reference.tag === undefined && reference.digest === undefined && !all;
  const full = all ? reference : withDefaultTag(reference);
  if (isDefault && !quiet) out.line(`Using default tag: ${full.tag}`);
  await pullImage(context, image, {
    platform: flags.changed("platform") ? flags.string("platform") : (invocation.env.DOCKER_DEFAULT_PLATFORM ?? ""),
    out: quiet ? undefined : out,
    allTags: all,
  });
  const { domain, path, tag, digest } = full;
  out.line(`${domain}/${path}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`);
  return 0;
};
