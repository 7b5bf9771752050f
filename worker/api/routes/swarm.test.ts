import { describe, expect, it } from "vitest";
import { ManualClock } from "../../engine/containers/testing/kit.ts";
import { EventLog } from "../../engine/events/index.ts";
import { Swarm } from "../../engine/swarm/index.ts";
import { MemoryRecordStore } from "../../engine/testing/memory-stores.ts";
import { Router } from "../router.ts";
import type { ApiRequest } from "../transport.ts";
import { serviceRoutes, swarmRoutes } from "./swarm.ts";

async function engine(records = new MemoryRecordStore()) {
  const clock = new ManualClock();
  const events = new EventLog(clock);
  const seen: string[] = [];
  events.subscribe(({ Type, Action, Actor }) => seen.push(`${Type} ${Action} ${Actor.Attributes.name}`));
  let drawn = 0;
  const bytes = (count: number): Uint8Array => {
    drawn += 7;
    return Uint8Array.from({ length: count }, (_, i) => (i * 13 + drawn * 29) & 255);
  };
  const swarm = await Swarm.load({
    records,
    events,
    clock,
    random: { bytes },
    machine: { name: "drydock", processors: 1, memory: 512 },
    engineVersion: "28.5.2",
  });
  const router = new Router([...swarmRoutes(swarm), ...serviceRoutes(swarm)]);
  const ask = async (method: ApiRequest["method"], path: string, value?: unknown): Promise<readonly unknown[]> => {
    const body = value === undefined ? {} : { body: { kind: "json" as const, value } };
    const answer = await router.request({ method, path, ...body });
    return [answer.status, answer.body.kind === "json" ? answer.body.value : undefined];
  };
  return { ask, seen, records, swarm };
}

const listen = { ListenAddr: "0.0.0.0:4500" };

describe("outside a swarm", () => {
  it("everything but init and join is refused in Docker's words", async () => {
    const { ask } = await engine();
    const message =
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
    for (const path of ["/swarm", "/nodes", "/services", "/services/x/logs", "/secrets", "/configs/x", "/tasks/t"])
      expect(await ask("GET", path)).toEqual([503, { message }]);
    expect(await ask("POST", "/secrets/create", { Name: "a", Data: "eA==" })).toEqual([503, { message }]);
    expect(await ask("POST", "/swarm/leave")).toEqual([503, { message: "This node is not part of a swarm" }]);
    expect(await ask("POST", "/swarm/init", {})).toEqual([
      400,
      { message: 'invalid ListenAddr "": invalid empty address' },
    ]);
    expect(await ask("POST", "/swarm/init", { ListenAddr: "foo:bar" })).toEqual([
      400,
      { message: "listen address must be an IP address or network interface (with optional port number)" },
    ]);
    expect(await ask("POST", "/swarm/join", { ...listen, JoinToken: "x" })).toEqual([
      500,
      { message: "invalid join token" },
    ]);
  });
});

describe("a swarm of one", () => {
  it("has a cluster with swarmkit's defaults, one node that leads it, and survives a restart", async () => {
    const { ask, records } = await engine();
    const [status, node] = await ask("POST", "/swarm/init", { ...listen, Spec: { Orchestration: {} } });
    expect([status, String(node)]).toEqual([200, expect.stringMatching(/^[0-9a-z]{25}$/)]);
    const again = await engine(records);
    expect(await again.ask("GET", "/swarm")).toMatchObject([
      200,
      {
        Spec: { Name: "default", Orchestration: { TaskHistoryRetentionLimit: 5 } },
        JoinTokens: { Worker: expect.stringMatching(/^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/) },
        DefaultAddrPool: ["10.0.0.0/8"],
      },
    ]);
    expect(await again.ask("GET", "/nodes")).toMatchObject([
      200,
      [
        {
          ID: node,
          Spec: { Role: "manager", Availability: "active" },
          ManagerStatus: { Leader: true, Addr: "172.17.0.1:4500" },
        },
      ],
    ]);
    expect(again.swarm.info()).toMatchObject({ LocalNodeState: "active", NodeID: node, Managers: 1 });
    expect(await again.ask("POST", "/swarm/init", listen)).toMatchObject([503, {}]);
    expect((await again.ask("POST", "/swarm/leave"))[0]).toBe(503);
    expect(await again.ask("POST", "/swarm/leave?force=1")).toEqual([200, undefined]);
    expect((await again.ask("GET", "/swarm"))[0]).toBe(503);
    expect(await records.list("swarm")).toEqual([]);
  });

  it("is updated by version, and rotates its tokens when asked", async () => {
    const { ask } = await engine();
    await ask("POST", "/swarm/init", listen);
    type View = { Version: { Index: number }; JoinTokens: { Worker: string; Manager: string } };
    const before = (await ask("GET", "/swarm"))[1] as View;
    const spec = { Name: "default", Orchestration: { TaskHistoryRetentionLimit: 7 } };
    const path = `/swarm/update?version=${before.Version.Index}&rotateWorkerToken=1`;
    expect(await ask("POST", path, spec)).toEqual([200, undefined]);
    const after = (await ask("GET", "/swarm"))[1] as View;
    expect(after).toMatchObject({ Spec: spec, JoinTokens: { Manager: before.JoinTokens.Manager } });
    expect(after.JoinTokens.Worker).not.toBe(before.JoinTokens.Worker);
    expect(await ask("POST", path, spec)).toEqual([
      500,
      { message: "rpc error: code = Unknown desc = update out of sequence" },
    ]);
    expect(await ask("GET", "/swarm/unlockkey")).toEqual([200, { UnlockKey: "" }]);
    expect(await ask("POST", "/swarm/unlock", { UnlockKey: "x" })).toEqual([409, { message: "swarm is not locked" }]);
  });

  it("keeps its last manager, which can be drained and labelled", async () => {
    const { ask, seen } = await engine();
    const [, node] = await ask("POST", "/swarm/init", listen);
    expect(await ask("DELETE", `/nodes/${node}?force=1`)).toEqual([
      400,
      {
        message: `rpc error: code = FailedPrecondition desc = node ${node} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
      },
    ]);
    expect(
      await ask("POST", `/nodes/${node}/update?version=9`, { Role: "worker", Availability: "active" }),
    ).toMatchObject([400, {}]);
    const spec = { Role: "manager", Availability: "drain", Labels: { x: "y" } };
    expect(await ask("POST", `/nodes/drydock/update?version=9`, spec)).toEqual([200, undefined]);
    expect(await ask("GET", `/nodes/${node}`)).toMatchObject([200, { Spec: spec }]);
    expect(await ask("GET", "/nodes/nosuch")).toEqual([404, { message: "node nosuch not found" }]);
    expect(seen).toEqual(["node update drydock", "node update drydock"]);
  });

  it("keeps secrets without showing them, and configs with their data; only labels change", async () => {
    for (const kind of ["secret", "config"] as const) {
      const { ask, seen, records } = await engine();
      await ask("POST", "/swarm/init", listen);
      const spec = { Name: "one", Labels: { a: "b" }, Data: "VEhJUw==" };
      const [status, created] = await ask("POST", `/${kind}s/create`, spec);
      expect(status).toBe(201);
      expect(await ask("POST", `/${kind}s/create`, spec)).toEqual([
        409,
        { message: `rpc error: code = AlreadyExists desc = ${kind} one already exists` },
      ]);
      const { Data, ...shown } = spec;
      const Spec = kind === "secret" ? shown : spec;
      const restarted = await engine(records);
      expect(await restarted.ask("GET", `/${kind}s/one`)).toMatchObject([
        200,
        { ...(created as object), Version: { Index: 11 } },
      ]);
      expect(((await restarted.ask("GET", `/${kind}s`))[1] as { Spec: object }[])[0]?.Spec).toEqual(Spec);
      const labels = { ...spec, Labels: { a: "c" } };
      expect(await ask("POST", `/${kind}s/one/update?version=11`, labels)).toEqual([200, undefined]);
      expect(await ask("POST", `/${kind}s/one/update?version=12`, { ...labels, Data: "eHg=" })).toEqual([
        400,
        { message: "rpc error: code = InvalidArgument desc = only updates to Labels are allowed" },
      ]);
      expect(await ask("POST", `/${kind}s/one/update`, labels)).toEqual([400, { message: `invalid ${kind} version` }]);
      expect(await ask("DELETE", `/${kind}s/one`)).toEqual([204, undefined]);
      expect(await ask("GET", `/${kind}s/one`)).toEqual([404, { message: `${kind} one not found` }]);
      expect(await ask("POST", `/${kind}s/create`, { Name: "empty" })).toMatchObject([400, {}]);
      expect(seen.slice(1)).toEqual([`${kind} create one`, `${kind} update one`, `${kind} remove one`]);
    }
  });

  it("runs no services, and says so", async () => {
    const { ask } = await engine();
    await ask("POST", "/swarm/init", listen);
    expect(await ask("GET", "/services")).toEqual([200, []]);
    expect(await ask("GET", "/tasks")).toEqual([200, []]);
    expect(await ask("POST", "/services/create", {})).toEqual([
      501,
      { message: "services do not run on this engine: use containers, or docker compose" },
    ]);
    expect(await ask("GET", "/services/x")).toEqual([404, { message: "service x not found" }]);
  });
});
