import { expect, test } from "vitest";
import type { NetworkUsers } from "../../engine/domains.ts";
import { NetworkService } from "../../engine/networks/index.ts";
import { FakeGuest } from "../../engine/testing/fake-guest.ts";
import { MemoryRecordStore } from "../../engine/testing/memory-stores.ts";
import { VolumeService } from "../../engine/volumes/index.ts";
import { Router } from "../router.ts";
import type { ApiRequest } from "../transport.ts";
import { networkRoutes } from "./networks.ts";
import { volumeRoutes } from "./volumes.ts";

async function setUp() {
  const guest = new FakeGuest();
  const users: NetworkUsers = {
    find: () => undefined,
    containersUsing: () => [],
    endpointChanged: async () => {},
    rewriteNetworkFiles: async () => {},
  };
  let counter = 0;
  const common = {
    guest,
    records: new MemoryRecordStore(),
    events: { publish: () => {} },
    clock: { now: () => new Date("2026-01-02T03:04:05Z"), monotonic: () => 0, after: () => () => {} },
    random: { bytes: (count: number) => new Uint8Array(count).fill(++counter) },
  };
  const networks = new NetworkService({
    ...common,
    users,
    machine: { servers: [], search: [], options: [], hosts: "" },
    names: { open: async () => {}, close: async () => {} },
  });
  const volumes = new VolumeService({ ...common, users: { containersUsing: () => [] } });
  await networks.start();
  const router = new Router([...networkRoutes(networks), ...volumeRoutes(volumes)]);
  return async (method: ApiRequest["method"], path: string, value?: unknown) => {
    const body = value === undefined ? {} : { body: { kind: "json" as const, value } };
    const response = await router.request({ method, path, ...body });
    return { status: response.status, value: response.body.kind === "json" ? response.body.value : undefined };
  };
}
const message = (text: string) => expect.objectContaining({ message: text });

test("a network is created, shown, listed and removed", async () => {
  const request = await setUp();
  const created = await request("POST", "/networks/create", { Name: "net", Labels: { a: "b" } });
  expect(created).toEqual({ status: 201, value: { Id: expect.stringMatching(/^[0-9a-f]{64}$/), Warning: "" } });
  const shown = await request("GET", "/networks/net");
  expect(Object.keys(shown.value as object)).toEqual([
    ...["Name", "Id", "Created", "Scope", "Driver", "EnableIPv4", "EnableIPv6", "IPAM", "Internal", "Attachable"],
    ...["Ingress", "ConfigFrom", "ConfigOnly", "Containers", "Options", "Labels"],
  ]);
  const listed = await request("GET", `/networks?filters=${encodeURIComponent('{"label":["a=b"]}')}`);
  expect((listed.value as { Name: string }[]).map(({ Name }) => Name)).toEqual(["net"]);
  expect(await request("DELETE", "/networks/net")).toEqual({ status: 204, value: undefined });
  expect((await request("GET", "/networks/net")).status).toBe(404);
});

test.each<[ApiRequest["method"], string, unknown, number, string]>([
  ["POST", "/networks/create", {}, 400, "invalid name: name is empty"],
  ["POST", "/networks/create", undefined, 400, "invalid name: name is empty"],
  ["POST", "/networks/create", { Name: null }, 400, "invalid name: name is empty"],
  ["POST", "/networks/create", { Name: 7 }, 400, "invalid JSON: Name: Invalid input: expected string, received number"],
  ["POST", "/networks/create", { Name: "host" }, 403, "operation is not permitted on predefined host network "],
  ["POST", "/networks/create", { Name: "x", Driver: "nosuch" }, 404, 'plugin "nosuch" not found'],
  ["GET", "/networks/nosuch", undefined, 404, "network nosuch not found"],
  ["GET", "/networks/bridge?scope=swarm", undefined, 404, "network bridge not found"],
  ["DELETE", "/networks/bridge", undefined, 403, "bridge is a pre-defined network and cannot be removed"],
  ["POST", "/networks/bridge/connect", { Container: "nosuch" }, 404, "No such container: nosuch"],
  ["POST", "/networks/bridge/connect", {}, 400, 'invalid name or ID supplied: ""'],
  ["POST", "/networks/bridge/disconnect", { Container: "nosuch" }, 404, "No such container: nosuch"],
  ["POST", "/networks/bridge/disconnect", { Container: "nosuch", Force: true }, 404, "endpoint nosuch not found"],
  ["GET", `/networks?filters=${encodeURIComponent('{"zz":["x"]}')}`, undefined, 400, "invalid filter 'zz'"],
  ["GET", `/networks?filters=${encodeURIComponent('{"type":["x"]}')}`, undefined, 500, "invalid filter: 'type'='x'"],
  ["GET", "/volumes/nosuch", undefined, 404, "get nosuch: no such volume"],
  ["DELETE", "/volumes/nosuch", undefined, 404, "get nosuch: no such volume"],
  ["PUT", "/volumes/x?version=1", {}, 503, "volume update only valid for cluster volumes, but swarm is unavailable"],
])("%s %s %j answers as dockerd does", async (method, path, body, status, text) => {
  const request = await setUp();
  expect(await request(method, path, body)).toEqual({ status, value: message(text) });
});

test("pruning nothing answers as dockerd does", async () => {
  const request = await setUp();
  expect((await request("POST", "/networks/prune")).value).toEqual({ NetworksDeleted: null });
  expect((await request("POST", "/volumes/prune")).value).toEqual({ VolumesDeleted: [], SpaceReclaimed: 0 });
});

test("a volume is created without a body, shown, listed and removed", async () => {
  const request = await setUp();
  const { status, value } = await request("POST", "/volumes/create");
  const { Name } = value as { Name: string };
  expect(status).toBe(201);
  expect((await request("GET", "/volumes")).value).toEqual({ Volumes: [value], Warnings: null });
  expect((await request("DELETE", `/volumes/${Name}`)).status).toBe(204);
  expect((await request("DELETE", `/volumes/${Name}?force=1`)).status).toBe(204);
});

test("clients before 1.42 prune named volumes too", async () => {
  const request = await setUp();
  await request("POST", "/volumes/create", { Name: "named" });
  expect((await request("POST", "/v1.44/volumes/prune")).value).toMatchObject({ VolumesDeleted: [] });
  expect((await request("POST", "/v1.41/volumes/prune")).value).toMatchObject({ VolumesDeleted: ["named"] });
});
