import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeKit } from "../engine/containers/testing/kit.ts";
import { Swarm } from "../engine/swarm/index.ts";
import { serveConnection } from "./http-server.ts";
import { Router } from "./router.ts";
import { containerRoutes } from "./routes/containers.ts";
import { execRoutes } from "./routes/exec.ts";
import { pluginRoutes } from "./routes/plugins.ts";
import { serviceRoutes, swarmRoutes } from "./routes/swarm.ts";

const json = fc.jsonValue({ maxDepth: 3 });
/** Bodies near the real ones: known names with any values. */
const body = fc.oneof(
  json,
  fc.record(
    {
      Image: fc.oneof(fc.constant("busybox"), json),
      Cmd: json,
      Env: json,
      Labels: json,
      HostConfig: fc.oneof(
        json,
        fc.record(
          {
            Binds: json,
            Mounts: json,
            PortBindings: json,
            Memory: json,
            RestartPolicy: json,
            Ulimits: json,
            Devices: json,
          },
          { requiredKeys: [] },
        ),
      ),
      NetworkingConfig: json,
      Healthcheck: json,
      AttachStdout: json,
    },
    { requiredKeys: [] },
  ),
);
const names = [
  "all",
  "limit",
  "filters",
  "tail",
  "since",
  "until",
  "stdout",
  "t",
  "signal",
  "h",
  "w",
  "path",
  "name",
  "condition",
];
const query = fc.dictionary(
  fc.constantFrom(...names),
  fc.oneof(
    fc.string(),
    fc.integer().map(String),
    json.map((v) => JSON.stringify(v)),
  ),
);

async function router(): Promise<Router> {
  const { containers, clock, events, records } = await makeKit();
  const random = { bytes: (count: number) => new Uint8Array(count) };
  const machine = { name: "drydock", processors: 1, memory: 1 };
  const swarm = await Swarm.load({ records, events, clock, random, machine, engineVersion: "28.5.2" });
  await swarm.init({ ListenAddr: "0.0.0.0" });
  return new Router([
    ...containerRoutes(containers),
    ...execRoutes(containers),
    ...swarmRoutes(swarm),
    ...serviceRoutes(swarm),
    ...pluginRoutes(),
  ]);
}

describe("requests of any shape", () => {
  it("are answered as Docker answers: below 500, or an error with a message", async () => {
    const api = await router();
    // Left out is what waits for a container by design.
    const routes = api.routes.filter(({ operation }) => operation !== "ContainerWait");
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...routes),
        fc.string({ minLength: 1, maxLength: 12 }),
        query,
        body,
        async (route, id, params, value) => {
          const path = route.path.replace(/\{\w+(\.\.\.)?\}/, encodeURIComponent(id));
          const response = await api.request({
            method: route.method,
            path: `${path}?${new URLSearchParams(params)}`,
            body: { kind: "json", value },
          });
          expect(response.status).toBeGreaterThanOrEqual(200);
          if (response.status >= 400) {
            expect(response.body.kind).toBe("json");
            const message = (response.body as { readonly value: { readonly message?: string } }).value.message ?? "";
            expect(message, route.operation).not.toBe("");
            // What JavaScript says about itself is a defect shown to a user.
            expect(message, route.operation).not.toMatch(
              /undefined|is not a function|Cannot read prop|is not iterable|\[object/,
            );
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});

describe("bytes of any kind on a connection", () => {
  it("end it, or are answered; nothing is thrown and nothing hangs", async () => {
    const api = await router();
    const line = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .constantFrom(
          "GET /_ping HTTP/1.1\r\n",
          "Content-Length: -1\r\n",
          "Transfer-Encoding: chunked\r\n",
          "\r\n",
          "zz\r\n",
          "Host: x\r\n",
        )
        .map((text) => new TextEncoder().encode(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (parts) => {
        const out = new TransformStream<Uint8Array, Uint8Array>();
        const answer = new Response(out.readable as ReadableStream<BufferSource>).arrayBuffer().catch(() => undefined);
        const readable = new ReadableStream<Uint8Array>({
          start(controller) {
            for (const part of parts) if (part.length > 0) controller.enqueue(part);
            controller.close();
          },
        });
        await serveConnection({ readable, writable: out.writable }, api);
        await answer;
      }),
      { numRuns: 300 },
    );
  });
});
