/** `--progress`: which display shows a build. */
import { windowSize } from "../io/attached.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import { failed } from "./failed.ts";
import { LiveDisplay } from "./live.ts";
import { PlainDisplay } from "./plain.ts";
import type { Display, Message } from "./status.ts";
import { withSummary } from "./warning-summary.ts";

const silent: Display = { message: () => undefined, end: () => undefined };

/** `headless`: without the line that names the builder. */
export async function displayFor(
  context: Context,
  progress: string,
  options: { readonly headless?: boolean } = {},
): Promise<Display> {
  const { err, out } = context;
  const plain = (): Display =>
    withSummary(new PlainDisplay(err, options.headless === true ? "" : context.contextName, context), err);
  switch (progress) {
    case "quiet":
    case "none":
      return silent;
    case "rawjson":
      return {
        message: (message: Message) => {
          if (message.result === undefined && message.failure === undefined) err.line(JSON.stringify(message));
        },
        end: () => undefined,
      };
    case "plain":
      return plain();
    case "auto":
    case "tty": {
      if (progress === "auto" && !err.isTerminal) return plain();
      if (progress === "tty" && !err.isTerminal && !out.isTerminal)
        throw failed("failed to get console: provided file is not a console");
      const [rows, columns] = await windowSize(context);
      return withSummary(new LiveDisplay(err, { rows: rows || 24, columns: columns || 80 }, context), err);
    }
    default:
      throw new CliError(`ERROR: invalid progress mode ${progress}`);
  }
}

/** Of flags and environment; `-q` has no other display beside it. */
export function progressOf({ flags, invocation }: Context): string {
  const given = flags.string("progress");
  if (flags.bool("quiet")) {
    if (given !== "" && given !== "quiet" && given !== "auto")
      throw new CliError(`ERROR: progress=${given} and quiet cannot be used together`);
    return "quiet";
  }
  return given || invocation.env.BUILDKIT_PROGRESS || "auto";
}
