/**
 * `npm run serve -- [--socket PATH] [--port N] [--state DIR|memory] [--offline]`: keeps the Engine API up for real clients, on a Unix socket or a
 * TCP port of the loopback interface, until it is interrupted. Containers reach what this machine reaches, unless it is to be offline;
 * what they publish by TCP is at localhost here.
 */
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { withBuildKit } from "../worker/api/buildkit/index.node.ts";
import { serveConnection } from "../worker/api/http-server.ts";
import { socketDuplex } from "../worker/api/node-socket.node.ts";
import { openDrydock } from "../worker/node.ts";
import { forwardPublishedPorts, publishedPorts } from "../worker/published-ports.node.ts";
import { buildImages, buildMachine } from "./build/steps.ts";
import { stateDirectory } from "./state.ts";

const { values } = parseArgs({
  options: {
    socket: { type: "string" },
    port: { type: "string" },
    state: { type: "string" },
    offline: { type: "boolean", default: false },
  },
});
if (values.socket === undefined && values.port === undefined) {
  process.stderr.write("usage: npm run serve -- --socket PATH | --port N [--state DIR|memory] [--offline]\n");
  process.exit(2);
}
const port = values.port === undefined ? undefined : Number(values.port);
if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65536)) {
  process.stderr.write(`serve: not a port: ${values.port}\n`);
  process.exit(2);
}

await buildMachine();
await buildImages("all");
const state = values.state === undefined ? stateDirectory() : values.state === "memory" ? undefined : values.state;
const drydock = await openDrydock({ state, ...(values.offline ? { offline: true } : {}) });

const api = withBuildKit(drydock.api, drydock.guest);
const server = createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socketDuplex(socket), api));
server.on("error", (error) => {
  process.stderr.write(`serve: ${error.message}\n`);
  process.exit(1);
});
const ports = forwardPublishedPorts({
  guest: drydock.guest,
  events: drydock.events,
  published: () => publishedPorts(drydock.containers),
  onNotice: (message) => void process.stderr.write(`serve: ${message}\n`),
});
const stop = async (): Promise<void> => {
  server.close();
  ports.close();
  if (values.socket !== undefined) rmSync(values.socket, { force: true });
  await drydock.close();
  process.exit(0);
};
process.on("SIGINT", () => void stop());
process.on("SIGTERM", () => void stop());

if (values.socket !== undefined) {
  rmSync(values.socket, { force: true });
  server.listen(values.socket, () => process.stdout.write(`DOCKER_HOST=unix://${values.socket}\n`));
} else
  server.listen(port, "127.0.0.1", () => {
    const address = server.address();
    if (typeof address === "object" && address !== null)
      process.stdout.write(`DOCKER_HOST=tcp://127.0.0.1:${address.port}\n`);
  });
