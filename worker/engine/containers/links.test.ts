import { expect, it } from "vitest";
import { type Kit, makeKit } from "./testing/kit.ts";

async function linked(): Promise<{ readonly kit: Kit; readonly web: string }> {
  const kit = await makeKit();
  const create = async (name: string, body: object): Promise<string> => {
    const { Id } = await kit.containers.create({ Image: "busybox", ...body }, name);
    await kit.containers.start(Id);
    return Id;
  };
  const ExposedPorts = { "53/udp": {}, "81/tcp": {}, "80/tcp": {}, "90/tcp": {} };
  await create("db", { ExposedPorts, Env: ["FOO=1", "HOME=/x"], HostConfig: { NetworkMode: "bridge" } });
  const web = await create("web", { HostConfig: { NetworkMode: "bridge", Links: ["db:my-db"] } });
  return { kit, web };
}

it("gives the linking container what Docker always gave it: address, ports, ranges, name and variables of the other", async () => {
  const { kit } = await linked();
  // Taken from Docker Engine 28.5 with the same ports.
  const told = (port: number, protocol: string) => {
    const prefix = `MY_DB_PORT_${port}_${protocol.toUpperCase()}`;
    return [
      `${prefix}=${protocol}://172.17.0.2:${port}`,
      `${prefix}_ADDR=172.17.0.2`,
      `${prefix}_PORT=${port}`,
      `${prefix}_PROTO=${protocol}`,
    ];
  };
  expect(kit.guest.processes[1]?.spec.env.filter((variable) => variable.startsWith("MY_DB"))).toEqual([
    "MY_DB_PORT=tcp://172.17.0.2:80",
    ...told(80, "tcp"),
    ...told(81, "tcp"),
    ...told(90, "tcp"),
    "MY_DB_PORT_80_TCP_START=tcp://172.17.0.2:80",
    "MY_DB_PORT_80_TCP_PORT_START=80",
    "MY_DB_PORT_80_TCP_END=tcp://172.17.0.2:81",
    "MY_DB_PORT_80_TCP_PORT_END=81",
    ...told(53, "udp"),
    "MY_DB_NAME=/web/my-db",
    "MY_DB_ENV_FOO=1",
  ]);
});

it("is a second name of the linked container, and goes with docker rm --link", async () => {
  const { kit, web } = await linked();
  const names = async () =>
    ((await kit.containers.list({ all: true, size: false, filters: {} })) as { Names: string[] }[]).map((c) => c.Names);
  expect((await names()).flat().sort()).toEqual(["/db", "/web", "/web/my-db"]);
  expect(kit.containers.get("/web/my-db").name).toBe("db");
  const options = { force: false, volumes: false, link: true };
  await expect(kit.containers.remove("web", options)).rejects.toThrow(
    "Conflict, cannot remove the default link name of the container",
  );
  await kit.containers.remove("web/my-db", options);
  expect((await names()).flat().sort()).toEqual(["/db", "/web"]);
  await expect(kit.containers.remove("web/my-db", options)).rejects.toThrow("No such container: web/my-db");
  expect(kit.containers.get(web).record.hostConfig.Links).toBeNull();
});

it("lead to the owner of a shared network, not into the machine's, and on a user's network to who may come later", async () => {
  const { kit } = await linked();
  const create = (name: string, HostConfig: object) => kit.containers.create({ Image: "busybox", HostConfig }, name);
  await create("guest", { NetworkMode: "container:db" });
  const { Id } = await create("client", { NetworkMode: "bridge", Links: ["guest:d"] });
  await kit.containers.start(Id);
  expect(kit.guest.processes.at(-1)?.spec.env).toContain("D_PORT=tcp://172.17.0.2:80");
  await create("hosted", { NetworkMode: "host" });
  await expect(create("x1", { Links: ["hosted"] })).rejects.toThrow("host type networking can't be used with links");
  await expect(create("x2", { Links: ["ghost"] })).rejects.toThrow("could not get container for ghost");
  await create("x3", { NetworkMode: "net", Links: ["ghost"] });
});
