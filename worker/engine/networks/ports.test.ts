import fc from "fast-check";
import { expect, test } from "vitest";
import { type AllocationContext, allocatePorts, portRequests, portsReport, type TakenPort } from "./ports.ts";

const context = (more: Partial<AllocationContext> = {}): AllocationContext => ({
  allocated: [],
  listening: [],
  defaultAddresses: ["0.0.0.0", "::"],
  endpointAddress: "172.17.0.2",
  lastEphemeral: 32767,
  ...more,
});
const published = (spec: Record<string, { HostIp?: string; HostPort?: string }[]>, more?: Partial<AllocationContext>) =>
  allocatePorts(portRequests(spec, [], false), context(more)).ports.map(
    (p) => `${p.hostIp}:${p.hostPort}->${p.containerPort}/${p.protocol}`,
  );
const taken = (hostPort: number, hostIp = "0.0.0.0"): TakenPort => ({ protocol: "tcp", hostIp, hostPort });

test("without an address a port is published on all of both families", () => {
  expect(published({ "80/tcp": [{ HostPort: "8080" }] })).toEqual(["0.0.0.0:8080->80/tcp", ":::8080->80/tcp"]);
});

test("without a host port, ephemeral ones are given in turn", () => {
  const first = allocatePorts(portRequests({ "80/tcp": [{}], "81/udp": [{}] }, [], false), context());
  expect(first.ports.map(({ hostPort }) => hostPort)).toEqual([32768, 32768, 32769, 32769]);
  expect(first.lastEphemeral).toBe(32769);
});

test("-P publishes what is exposed and not published already", () => {
  const requests = portRequests({ "80/tcp": [{ HostPort: "8080" }] }, ["80/tcp", "443/tcp", "90-91/udp"], true);
  expect(requests.map((r) => `${r.containerPort}/${r.protocol}`)).toEqual(["80/tcp", "90/udp", "91/udp", "443/tcp"]);
});

test.each([
  [[taken(8080)], "0.0.0.0:8080"],
  [[taken(8080, "127.0.0.1")], "0.0.0.0:8080"],
])("a port that is taken fails in Docker's words", (allocated, text) => {
  expect(() => published({ "80/tcp": [{ HostPort: "8080" }] }, { allocated })).toThrow(
    `Bind for ${text} failed: port is already allocated`,
  );
});

test("the same port is free for another protocol and on another address", () => {
  const allocated = [taken(53, "127.0.0.1")];
  expect(published({ "53/udp": [{ HostPort: "53" }] }, { allocated })).toHaveLength(2);
  expect(published({ "53/tcp": [{ HostIp: "10.0.0.1", HostPort: "53" }] }, { allocated })).toHaveLength(1);
});

test("of a range the first free port is taken, and when none is free it says so", () => {
  const range = { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "9100-9101" }] };
  expect(published(range, { allocated: [taken(9100)] })).toEqual(["127.0.0.1:9101->80/tcp"]);
  expect(() => published(range, { allocated: [taken(9100), taken(9101)] })).toThrow("all ports are allocated");
});

test("a port on which a program of the machine listens is named with the container's", () => {
  expect(() => published({ "80/tcp": [{ HostPort: "5000" }] }, { listening: [taken(5000)] })).toThrow(
    "failed to bind host port for 0.0.0.0:5000:172.17.0.2:80/tcp: address already in use",
  );
});

test("no two ports of one allocation are the same", () => {
  const bindings = fc.array(
    fc.record({ port: fc.integer({ min: 1, max: 40 }), host: fc.option(fc.integer({ min: 100, max: 120 })) }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(bindings, (list) => {
      const spec: Record<string, { HostPort?: string }[]> = {};
      for (const { port, host } of list) {
        spec[`${port}/tcp`] ??= [];
        spec[`${port}/tcp`]?.push(host === null ? {} : { HostPort: String(host) });
      }
      let result: readonly string[];
      try {
        result = published(spec).map((text) => text.replace(/->.*/, ""));
      } catch {
        return;
      }
      expect(new Set(result).size).toBe(result.length);
    }),
  );
});

test("the report names published ports and, as null, exposed ones", () => {
  const ports = [{ containerPort: 80, protocol: "tcp" as const, hostIp: "0.0.0.0", hostPort: 8080 }];
  expect(portsReport(ports, ["443/tcp", "80/tcp"])).toEqual({
    "443/tcp": null,
    "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "8080" }],
  });
});
