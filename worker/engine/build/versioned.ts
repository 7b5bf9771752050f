/**
 * The report of a build to clients that ask for BuildKit's on `POST /build` (`version=2`): the image's id, or what went wrong. The steps
 * come as the engine's own records; a server that speaks protobuf turns them into BuildKit's ("moby.buildkit.trace").
 */
import type { BuildMessage } from "./model.ts";
import type { StatusUpdate } from "./solve/progress.ts";

export const recordId = "drydock.build.record";

export type VersionedMessage =
  | { readonly id: typeof recordId; readonly aux: StatusUpdate }
  | { readonly id: "moby.image.id"; readonly aux: { readonly ID: string } }
  | { readonly errorDetail: { readonly message: string }; readonly error: string };

export async function* versionedBuild(
  messages: AsyncIterable<BuildMessage>,
): AsyncGenerator<VersionedMessage, void, undefined> {
  for await (const message of messages) {
    if ("failure" in message) {
      const error = `failed to solve: ${message.failure.message}`;
      yield { errorDetail: { message: error }, error };
    } else if (!("result" in message)) yield { id: recordId, aux: message };
    else if (message.result.image !== undefined) yield { id: "moby.image.id", aux: { ID: message.result.image } };
  }
}
