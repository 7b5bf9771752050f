/**
 * The engine's events, numbered, for the page's mirror. A page that falls behind never holds the engine back: events
 * without room are dropped, the numbers show the gap, and the page lists again.
 */
import type { ApiTransport } from "../api/transport.ts";
import { BridgeError, type NumberedEvent, PortSender } from "../protocol/index.ts";

export async function feedEvents(api: ApiTransport, port: MessagePort): Promise<void> {
  const stop = new AbortController();
  const response = await api.request({ method: "GET", path: "/events", signal: stop.signal });
  if (response.body.kind !== "jsonLines")
    throw new BridgeError({ kind: "unavailable", message: `the engine answered ${response.status} to GET /events` });
  const sender = new PortSender<NumberedEvent>(port);
  sender.onStop = () => stop.abort();
  void pump(response.body.values, sender);
}

async function pump(values: AsyncIterable<unknown>, sender: PortSender<NumberedEvent>): Promise<void> {
  let sequence = 0;
  try {
    for await (const event of values) {
      sequence += 1;
      if (sender.ready) sender.send({ sequence, event });
    }
    sender.end();
  } catch (error) {
    sender.fail({ kind: "unavailable", message: error instanceof Error ? error.message : String(error) });
  }
}
