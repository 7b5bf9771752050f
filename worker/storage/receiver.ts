/** The machine's side of ./receiver-main.ts, which is started with the first content that arrives. */
import * as Comlink from "comlink";
import { BridgeError, portWritable, unwrap } from "../protocol/index.ts";
import type { Received } from "./receive.ts";
import type { Receiver } from "./receiver-main.ts";

let started: { readonly receiver: Comlink.Remote<Receiver>; readonly lost: Promise<never> } | undefined;

function start() {
  const worker = new Worker(new URL("./receiver-main.ts", import.meta.url), {
    type: "module",
    name: "drydock-receiver",
  });
  const lost = new Promise<never>((_, reject) =>
    worker.addEventListener("error", ({ message }) => {
      started = undefined;
      reject(new BridgeError({ kind: "system", message: message || "What arrived could not be stored." }));
    }),
  );
  lost.catch(() => {});
  return { receiver: Comlink.wrap<Receiver>(worker), lost };
}

export async function receiveElsewhere(
  folder: string,
  name: string,
  source: ReadableStream<Uint8Array>,
): Promise<Received> {
  started ??= start();
  const { port1, port2 } = new MessageChannel();
  const { receiver, lost } = started;
  const received = receiver.receive(folder, name, Comlink.transfer(port2, [port2]));
  const [outcome, sent] = await Promise.allSettled([
    Promise.race([received, lost]),
    source.pipeTo(portWritable<Uint8Array>(port1)),
  ]);
  // A source that fails says more of it than what the receiver saw of that; a receiver that fails ends the source.
  if (sent.status === "rejected" && !(sent.reason instanceof BridgeError)) throw sent.reason;
  if (outcome.status === "rejected") throw outcome.reason;
  return unwrap(outcome.value);
}
