/** `docker build` and `docker buildx build`. */
import { resolvePath, writeFile } from "../config/config-file.ts";
import type { Context, Handler } from "../session/context.ts";
import { answerOf } from "./calls.ts";
import { displayFor, progressOf } from "./display.ts";
import { explanation } from "./explanation.ts";
import { metadataOf } from "./metadata.ts";
import { optionsOfFlags } from "./options.ts";
import { performBuild } from "./perform.ts";

/** Flags of the classic builder that mean nothing to BuildKit, and buildx's words about them. */
const deprecated: Readonly<Record<string, string>> = {
  isolation: "isolation flag is deprecated with BuildKit.",
  "security-opt": 'security-opt flag is deprecated. "RUN --security=insecure" should be used with BuildKit.',
  squash:
    "experimental flag squash is removed with BuildKit. You should squash inside build using a multi-stage Dockerfile for efficiency.",
};

export const build: Handler = async (context) => {
  const { flags, args, err, out } = context;
  for (const [name, text] of Object.entries(deprecated)) if (flags.changed(name)) err.line(`WARNING: ${text}`);
  const options = optionsOfFlags(flags, args[0] ?? "");
  const progress = progressOf(context);
  const display = await displayFor(context, progress);
  const { result, source } = await performBuild(context, options, display);
  if (options.call.method !== "build") return answerOf(context, options.call, result, source);
  if (flags.bool("explain")) err.print(explanation(result.steps));
  if (flags.string("metadata-file") !== "")
    await save(context, flags.string("metadata-file"), `${JSON.stringify(metadataOf(result, options), undefined, 2)}`);
  if (result.image !== undefined) {
    if (flags.string("iidfile") !== "") await save(context, flags.string("iidfile"), result.image);
    if (progress === "quiet") out.line(result.image);
  }
  return 0;
};

const save = ({ invocation }: Context, path: string, text: string): Promise<void> =>
  writeFile(invocation, resolvePath(invocation.cwd, path), text, 0o644);
