/** POST /images/create with its progress. */
import { authHeader } from "../config/auth.ts";
import { windowSize } from "../io/attached.ts";
import { showProgress } from "../io/progress.ts";
import type { Context } from "../session/context.ts";
import type { Output } from "../session/output.ts";
import { familiarName, normalizedReference, withDefaultTag } from "./reference.ts";

export interface PullOptions {
  readonly platform: string;
  /** `undefined`: quietly. */
  readonly out: Output | undefined;
  readonly allTags?: boolean;
}

export async function pullImage(
  context: Context,
  image: string,
  { platform, out, allTags = false }: PullOptions,
): Promise<void> {
  const reference = normalizedReference(image);
  const { tag, digest } = allTags ? reference : withDefaultTag(reference);
  const messages = context.client.lines("POST", "/images/create", {
    query: { fromImage: familiarName(reference), tag: digest ?? tag, platform: platform.toLowerCase() },
    headers: await authHeader(context, image),
  });
  const columns = (await windowSize(context))[1] || 200;
  await showProgress(messages, out ?? silent, { columns });
}

const silent = { isTerminal: false, print: () => undefined, flush: async () => undefined } as unknown as Output;
