/** Engines to try inputs on: one on the real machine, and one whose machine is a fake, which takes thousands of inputs a second and starts no process. */
import { randomBytes } from "node:crypto";
import { withBuildKit } from "../../worker/api/buildkit/index.node.ts";
import type { ApiTransport } from "../../worker/api/transport.ts";
import { assemble } from "../../worker/assembly.ts";
import type { CliInvocation } from "../../worker/cli/invocation.ts";
import type { Guest } from "../../worker/engine/ports/guest.ts";
import type { Fetch } from "../../worker/engine/ports/host.ts";
import { FakeGuest } from "../../worker/engine/testing/fake-guest.ts";
import { FakeLayerDisk } from "../../worker/engine/testing/image-fixture.ts";
import { MemoryBlobStore, MemoryLogStore, MemoryRecordStore } from "../../worker/engine/testing/memory-stores.ts";
import { openDrydock } from "../../worker/node.ts";
import { catalogueBase, nodeClock, repositoryFetch } from "../../worker/node-platform.node.ts";
import { holdings, inMachine } from "../guest/holdings.ts";

export interface FuzzedEngine {
  /** As real clients reach it. */
  readonly api: ApiTransport;
  readonly guest: Guest;
  /** Whether containers run. */
  readonly isReal: boolean;
  docker(invocation: CliInvocation): Promise<number>;
  idle(): Promise<void>;
  /** What must be the same after all inputs: what the kernel holds, and the machine's own files. */
  state(): Promise<Readonly<Record<string, number | string>>>;
  close(): Promise<void>;
}

/** The catalogue's images are there; everything else of the outside is the input's. */
const withCatalogue =
  (outside: Fetch): Fetch =>
  async (url, init) =>
    await (url.startsWith(`${catalogueBase}/`) ? repositoryFetch : outside)(url, init);

const ownFiles = "cd / && find etc root bin usr/local srv -xdev -type f -exec md5sum {} + 2>/dev/null | sort | md5sum";

export async function realEngine(outside: Fetch): Promise<FuzzedEngine> {
  const drydock = await openDrydock({ offline: true, fetch: withCatalogue(outside), onMessage: () => undefined });
  return {
    api: withBuildKit(drydock.api, drydock.guest),
    guest: drydock.guest,
    isReal: true,
    docker: (invocation) => drydock.docker(invocation),
    idle: () => drydock.idle(),
    state: async () => {
      const { memory: _, ...counts } = await holdings(drydock);
      return { ...counts, ownFiles: await inMachine(drydock, ownFiles) };
    },
    close: () => drydock.close(),
  };
}

const machinesOwn = /^\/(?:etc|root|bin|usr\/local|srv)(?:\/|$)/;

export async function memoryEngine(outside: Fetch): Promise<FuzzedEngine> {
  const guest = new FakeGuest();
  const engine = await assemble({
    guest,
    layerDisk: new FakeLayerDisk(),
    blobs: new MemoryBlobStore(),
    records: new MemoryRecordStore(),
    logs: new MemoryLogStore(),
    clock: nodeClock,
    randomness: { bytes: (count) => randomBytes(count) },
    fetch: withCatalogue(outside),
    catalogue: catalogueBase,
    facts: {
      id: "fuzz",
      name: "drydock",
      kernelVersion: "6.1",
      operatingSystem: "Debian",
      osVersion: "12",
      memory: 1 << 29,
      processors: 1,
    },
  });
  return {
    api: withBuildKit(engine.api, guest),
    guest,
    isReal: false,
    docker: (invocation) => engine.docker(invocation),
    idle: () => engine.idle(),
    state: async () => ({
      files: guest.files
        .paths()
        .filter((path) => machinesOwn.test(path))
        .sort()
        .join("\n"),
    }),
    close: () => engine.stop(),
  };
}
