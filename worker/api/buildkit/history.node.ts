/** Control's build history: records come as events, and go. */
import type { BuildSummary, Engine } from "./engine.node.ts";
import { type Call, code, firstMessage, RpcError } from "./grpc.node.ts";
import { messages, timeOf } from "./messages.node.ts";

const event = { started: 0, complete: 1 } as const;

/** Those that there are; who asks to be kept informed is told of no later ones, and waits. */
export async function history(call: Call, engine: Engine): Promise<void> {
  const { ActiveOnly, Ref, EarlyExit } = messages.historyRequest.decode(await firstMessage(call));
  for (const record of await engine.builds()) {
    if (Ref !== "" && record.ref !== Ref) continue;
    const isRunning = record.status === "running";
    if (ActiveOnly && !isRunning) continue;
    await call.send(
      messages.historyEvent.encode({ type: isRunning ? event.started : event.complete, record: recordOf(record) }),
    );
  }
  if (EarlyExit || call.signal.aborted) return;
  await new Promise<void>((resolve) => call.signal.addEventListener("abort", () => resolve()));
}

function recordOf(record: BuildSummary): object {
  const { ref, dockerfile, target, created, completed, error, image, cachedSteps, totalSteps, completedSteps } = record;
  return {
    Ref: ref,
    Frontend: "dockerfile.v0",
    FrontendAttrs: { filename: dockerfile, ...(target === undefined ? {} : { target }) },
    ...(error === undefined ? {} : { error: { code: code.unknown, message: error.message } }),
    CreatedAt: timeOf(created),
    ...(completed === undefined ? {} : { CompletedAt: timeOf(completed) }),
    ExporterResponse: image === undefined ? {} : { "containerimage.digest": image },
    numCachedSteps: cachedSteps,
    numTotalSteps: totalSteps,
    numCompletedSteps: completedSteps,
  };
}

export async function updateHistory(call: Call, engine: Engine): Promise<void> {
  const { Ref, Delete } = messages.historyUpdate.decode(await firstMessage(call));
  if (Delete)
    try {
      await engine.forget(Ref);
    } catch {
      throw new RpcError(code.notFound, `lease "ref_${Ref}": not found`);
    }
  await call.send(messages.empty.encode({}));
}
