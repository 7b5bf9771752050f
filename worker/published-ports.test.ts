import { connect, createServer, type Server } from "node:net";
import { afterEach, expect, it } from "vitest";
import { socketDuplex } from "./api/node-socket.node.ts";
import { ManualClock, settle } from "./engine/containers/testing/kit.ts";
import { EventLog } from "./engine/events/index.ts";
import { FakeGuest } from "./engine/testing/fake-guest.ts";
import { forwardPublishedPorts } from "./published-ports.node.ts";

const closing: { close(): void }[] = [];
afterEach(() => {
  for (const each of closing.splice(0)) each.close();
});

/** Something that listens; answers its port. */
async function listening(server: Server): Promise<number> {
  closing.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

/** What the other side of a connection says to "hello"; nothing when nobody listens. */
function ask(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    let text = "";
    socket.on("error", () => resolve(undefined));
    socket.on("data", (data) => {
      text += String(data);
    });
    socket.on("end", () => {
      socket.destroy();
      resolve(text);
    });
    socket.end("hello");
  });
}

it("are reachable at localhost from the start of their container to its end, half-closes included", async () => {
  const inside = await listening(createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket)));
  const free = createServer();
  const port = await listening(free);
  await new Promise((resolve) => free.close(resolve));
  const guest = new FakeGuest();
  guest.connect = async () => socketDuplex(connect({ port: inside, host: "127.0.0.1", allowHalfOpen: true }));
  const events = new EventLog(new ManualClock());
  let ports: readonly number[] = [];
  const notices: string[] = [];
  closing.push(
    forwardPublishedPorts({ guest, events, published: async () => ports, onNotice: (text) => notices.push(text) }),
  );
  expect(await ask(port)).toBeUndefined();
  ports = [port];
  events.publish("container", "start", "c", {});
  await settle();
  expect(await ask(port)).toBe("hello");
  ports = [];
  events.publish("container", "die", "c", {});
  await settle();
  expect(await ask(port)).toBeUndefined();
  ports = [inside];
  events.publish("container", "start", "c", {});
  await expect.poll(() => notices).toEqual([expect.stringContaining(`port ${inside} of the machine is not reachable`)]);
});
