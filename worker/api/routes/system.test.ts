import { describe, expect, it } from "vitest";
import { SystemService } from "../../engine/system/index.ts";
import { Router } from "../router.ts";
import { pluginRoutes } from "./plugins.ts";
import { systemRoutes } from "./system.ts";

const clock = { now: () => new Date(0), monotonic: () => 0, after: () => () => undefined };
const system = new SystemService(
  {
    id: "id",
    name: "drydock",
    kernelVersion: "6.1",
    operatingSystem: "Debian",
    osVersion: "12",
    memory: 1,
    processors: 1,
  },
  {
    countContainers: () => ({ running: 1, paused: 2, stopped: 3 }),
    countImages: () => 4,
    countEventListeners: () => 0,
    containerSummaries: async () => [{ Id: "c" }],
    imageSummaries: async () => [{ Id: "i" }],
    layersSize: async () => 7,
    volumes: async () => [],
    buildCache: async () => [],
    registryMirrors: () => [],
    swarm: () => ({ LocalNodeState: "inactive" }),
  },
  clock,
);
const router = new Router([
  ...systemRoutes(system, {
    login: async () => ({ status: "Login Succeeded", identityToken: "" }),
    isManager: () => false,
  }),
  ...pluginRoutes(),
]);

describe("the engine's own operations", () => {
  it("answers a ping with its API version, so that clients can negotiate", async () => {
    const answer = await router.request({ method: "HEAD", path: "/_ping" });
    expect(answer.headers["api-version"]).toBe("1.51");
  });
  it("counts containers by state", async () => {
    const { body } = await router.request({ method: "GET", path: "/v1.51/info" });
    expect(body).toMatchObject({ value: { Containers: 6, ContainersPaused: 2, Images: 4, CgroupVersion: "2" } });
  });
  it("reports data usage of the asked types only", async () => {
    const { body } = await router.request({ method: "GET", path: "/system/df?type=container" });
    expect(body).toMatchObject({ value: { Containers: [{ Id: "c" }], Images: null } });
    expect((await router.request({ method: "GET", path: "/system/df?type=no" })).status).toBe(400);
  });
  it("says 404 for a plugin", async () => {
    const plugin = await router.request({ method: "GET", path: "/plugins/a/b:latest/json" });
    expect(plugin.body).toEqual({ kind: "json", value: { message: 'plugin "a/b:latest" not found' } });
  });
});
