/**
 * The engine's events, numbered, for the page's mirror. A page that falls behind never holds the engine back: events
 * without room are dropped, the numbers show the gap, and the page lists again. So it does when the machine was put back to a checkpoint,
 * whose engine tells of it as the first event of its new life.
 */
import type { ApiTransport } from "../api/transport.ts";
import { Rewound } from "../checkpoints/life.ts";
import { BridgeError, type NumberedEvent, PortSender } from "../protocol/index.ts";

export async function feedEvents(api: ApiTransport, port: MessagePort): Promise<void> {
  const stop = new AbortController();
  const values = await follow(api, stop.signal);
  const sender = new PortSender<NumberedEvent>(port);
  sender.onStop = () => stop.abort();
  void pump(api, values, sender, stop.signal);
}

async function follow(api: ApiTransport, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
  const response = await api.request({ method: "GET", path: "/events", signal });
  if (response.body.kind !== "jsonLines")
    throw new BridgeError({ kind: "unavailable", message: `the engine answered ${response.status} to GET /events` });
  return response.body.values;
}

async function pump(
  api: ApiTransport,
  first: AsyncIterable<unknown>,
  sender: PortSender<NumberedEvent>,
  signal: AbortSignal,
): Promise<void> {
  let sequence = 0;
  let values: AsyncIterable<unknown> | undefined = first;
  while (values !== undefined) {
    try {
      for await (const event of values) {
        sequence += 1;
        if (sender.ready) sender.send({ sequence, event });
      }
      sender.end();
      return;
    } catch (error) {
      values = error instanceof Rewound ? await follow(api, signal).catch(() => undefined) : undefined;
      sequence += 1;
      if (values === undefined)
        sender.fail({ kind: "unavailable", message: error instanceof Error ? error.message : String(error) });
    }
  }
}
