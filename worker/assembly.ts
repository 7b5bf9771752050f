/**
 * Puts the engine together over a machine: the domains with each other, the Engine API over the domains, the CLI over the API. What
 * differs between a Worker and Node (storage, fetch, the machine itself) comes in as a {@link Platform}; nothing here knows which it is.
 */

import { serveConnection } from "./api/http-server.ts";
import { Router } from "./api/router.ts";
import { buildRoutes } from "./api/routes/build.ts";
import { containerRoutes } from "./api/routes/containers.ts";
import { distributionRoutes } from "./api/routes/distribution.ts";
import { eventRoutes } from "./api/routes/events.ts";
import { execRoutes } from "./api/routes/exec.ts";
import { imageRoutes } from "./api/routes/images.ts";
import { networkRoutes } from "./api/routes/networks.ts";
import { pluginRoutes } from "./api/routes/plugins.ts";
import { serviceRoutes, swarmRoutes } from "./api/routes/swarm.ts";
import { systemRoutes } from "./api/routes/system.ts";
import { volumeRoutes } from "./api/routes/volumes.ts";
import type { ApiTransport } from "./api/transport.ts";
import { registerBuildCommands } from "./cli/build/register.ts";
import { runDocker } from "./cli/index.ts";
import type { CliInvocation } from "./cli/invocation.ts";
import { clientNetwork } from "./commands/client-network.ts";
import { BuildService } from "./engine/build/index.ts";
import { defaultMaskedPaths, defaultReadonlyPaths } from "./engine/containers/host-config.ts";
import { Containers, type ContainersState, type RunningContainers } from "./engine/containers/index.ts";
import { findKernelPaths } from "./engine/containers/kernel-paths.ts";
import { EmbeddedNameServer, noOutside, type Resolver } from "./engine/dns/index.ts";
import type { ImageUsers, NetworkUsers, VolumeUsers } from "./engine/domains.ts";
import { EngineError } from "./engine/errors.ts";
import { EventLog } from "./engine/events/index.ts";
import { ImageService } from "./engine/images/index.ts";
import { NetworkService, type NetworksState } from "./engine/networks/index.ts";
import type { Guest } from "./engine/ports/guest.ts";
import type { Clock, Fetch, LayerDisk, Randomness } from "./engine/ports/host.ts";
import type { BlobStore, LogStore, RecordStore } from "./engine/ports/storage.ts";
import { Registries } from "./engine/registry/endpoints.ts";
import { guestFetch } from "./engine/registry/guest-fetch.ts";
import { checkLogin } from "./engine/registry/login.ts";
import { TrustLayer } from "./engine/runtime/index.ts";
import { Swarm } from "./engine/swarm/index.ts";
import { engineVersion, type MachineFacts, SystemService } from "./engine/system/index.ts";
import { VolumeService, type VolumesState } from "./engine/volumes/index.ts";

/** The default bridge's address of the machine: there its programs, and containers without an embedded server, ask for names. */
const machineNameServer = "172.17.0.1";

/** What the engine stands on. */
export interface Platform {
  readonly guest: Guest;
  readonly layerDisk: LayerDisk;
  readonly blobs: BlobStore;
  readonly records: RecordStore;
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly fetch: Fetch;
  /** Base address of the catalogue of images; "/v2/…" follows it. */
  readonly catalogue?: string;
  /** Names of the world outside; without it nothing outside has a name. */
  readonly resolver?: Resolver;
  /** Where the machine's network has packages, as variables for build steps and containers. */
  readonly packageVariables?: readonly string[];
  /** PEM of the certificate authority that containers believe as well. */
  readonly authority?: string | undefined;
  /** Tells what programs could not reach. */
  readonly watchRefusals?: (listener: (sentence: string) => void) => () => void;
  readonly facts: MachineFacts;
  /** What the kernel of a restored machine holds already. */
  readonly state?: EngineState;
  /** Processes that run on in a machine that was put back to a checkpoint. */
  readonly processes?: Omit<RunningContainers, "state">;
}

/** The engine's memory of the kernel, as plain data: belongs to a snapshot or checkpoint of the machine, and is worthless without it. */
export interface EngineState {
  readonly schema: 1;
  readonly networks: NetworksState;
  readonly volumes: VolumesState;
  readonly layers: ReturnType<ImageService["mounts"]["snapshot"]>;
  /** Absent in a shipped snapshot, in which no container runs. */
  readonly containers?: ContainersState;
}

export interface Engine {
  readonly api: Router;
  readonly events: EventLog;
  readonly containers: Containers;
  readonly images: ImageService;
  readonly networks: NetworkService;
  /** Runs one `docker` command line, over `api` or what stands before it. */
  docker(invocation: CliInvocation, api?: ApiTransport): Promise<number>;
  exportState(): EngineState;
  /** Resolves when nothing goes on behind answered requests. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

export async function assemble(platform: Platform): Promise<Engine> {
  registerBuildCommands();
  const { guest, records, clock, randomness, facts } = platform;
  const events = new EventLog(clock);
  // Domains that ask each other: who uses an image or a network is known to the containers, which come last.
  let containers: Containers | undefined;
  const users = (): Containers => {
    if (containers === undefined) throw new EngineError("unavailable", "the engine is starting");
    return containers;
  };
  let builds: BuildService | undefined;
  const imageUsers: ImageUsers = {
    containersUsing: (image) => users().imageUsers.containersUsing(image),
    keptLayers: () => builds?.keptLayers() ?? [],
  };
  const networkUsers: NetworkUsers = {
    find: (reference) => users().networkUsers.find(reference),
    containersUsing: (network) => users().networkUsers.containersUsing(network),
    endpointChanged: (...change) => users().networkUsers.endpointChanged(...change),
    rewriteNetworkFiles: (...files) => users().networkUsers.rewriteNetworkFiles(...files),
  };

  const registries = new Registries({
    fetch: platform.fetch,
    guestFetch: guestFetch(guest),
    ...(platform.catalogue === undefined ? {} : { catalogue: platform.catalogue }),
  });
  const images = await ImageService.load({
    blobs: platform.blobs,
    records,
    guest,
    disk: platform.layerDisk,
    registries,
    clock,
    events,
    users: imageUsers,
  });
  if (platform.state !== undefined) images.mounts.restore(platform.state.layers);
  const nameServer = new EmbeddedNameServer({
    guest,
    source: () => networks.names,
    resolver: platform.resolver ?? noOutside,
  });
  const networks: NetworkService = new NetworkService({
    guest,
    records,
    events,
    users: networkUsers,
    clock,
    random: randomness,
    machine: { servers: [machineNameServer], search: [], options: [], hosts: "127.0.0.1\tlocalhost\n" },
    names: nameServer,
    ...(platform.state === undefined ? {} : { state: platform.state.networks }),
  });
  const volumeUsers: VolumeUsers = { containersUsing: (volume) => users().volumeUsers.containersUsing(volume) };
  const volumes = new VolumeService({
    guest,
    records,
    events,
    users: volumeUsers,
    clock,
    random: randomness,
    ...(platform.state === undefined ? {} : { state: platform.state.volumes }),
  });
  const trust = platform.authority === undefined ? undefined : new TrustLayer(guest, platform.authority);
  await trust?.prepare();
  const engine = new Containers({
    guest,
    clock,
    randomness,
    records,
    logs: platform.logs,
    images,
    volumes,
    networks,
    events,
    host: { cpus: facts.processors, memory: facts.memory },
    packageVariables: platform.packageVariables ?? [],
    trust,
  });
  containers = engine;
  await volumes.start();
  await engine.prepareMachine();
  await networks.start();
  await nameServer.openForMachine(machineNameServer);
  const { state, processes } = platform;
  const running = processes && state?.containers && { ...processes, state: state.containers };
  await engine.open(running);
  networks.closeStale();

  const build = await BuildService.load({
    guest,
    networks,
    images,
    blobs: platform.blobs,
    records,
    fetch: platform.fetch,
    clock,
    randomness,
    events,
    runEnvironment: async () => ({
      guest,
      networks,
      kernel: await findKernelPaths(guest),
      maskedPaths: defaultMaskedPaths,
      readonlyPaths: defaultReadonlyPaths,
      packageVariables: platform.packageVariables ?? [],
      trust,
      watchRefusals: platform.watchRefusals ?? (() => () => undefined),
    }),
  });
  builds = build;

  const swarm = await Swarm.load({
    records,
    events,
    clock,
    random: randomness,
    machine: { name: facts.name, processors: facts.processors, memory: facts.memory },
    engineVersion,
  });
  const system = new SystemService(
    facts,
    {
      countContainers: () => countStates(engine),
      countImages: () => images.count(),
      countEventListeners: () => events.listeners,
      containerSummaries: () => engine.list({ all: true, size: true, filters: {} }),
      imageSummaries: async () => images.list({ all: false, filters: {}, sharedSize: true, containerCount: true }),
      layersSize: async () => images.layersSize(),
      volumes: () => volumes.usage(),
      buildCache: async () => build.usage(),
      registryMirrors: () => [],
      swarm: () => swarm.info(),
    },
    clock,
  );
  const api = new Router([
    ...containerRoutes(engine),
    ...execRoutes(engine),
    ...eventRoutes(events, clock),
    ...imageRoutes(images, engine),
    ...buildRoutes(build),
    ...distributionRoutes(images),
    ...networkRoutes(networks),
    ...volumeRoutes(volumes),
    ...systemRoutes(system, {
      login: (credentials) => checkLogin(registries, credentials),
      isManager: () => swarm.isActive,
    }),
    ...swarmRoutes(swarm),
    ...serviceRoutes(swarm),
    ...pluginRoutes(),
  ]);
  return {
    api,
    events,
    containers: engine,
    images,
    networks,
    docker: (invocation, transport = api) =>
      runDocker(invocation, transport, { network: clientNetwork(registries), serve: serveConnection }),
    exportState: () => ({
      schema: 1,
      networks: networks.exportState(),
      volumes: volumes.exportState(),
      layers: images.mounts.snapshot(),
      containers: engine.exportState(),
    }),
    idle: async () => {
      await engine.idle();
      await networks.settled();
    },
    stop: async () => {
      images.stop();
      await nameServer.stop();
      await networks.stop();
    },
  };
}

function countStates(containers: Containers): { running: number; paused: number; stopped: number } {
  const counts = { running: 0, paused: 0, stopped: 0 };
  for (const { state } of containers.store.all()) {
    if (state.status === "paused") counts.paused++;
    else if (state.status === "running" || state.status === "restarting") counts.running++;
    else counts.stopped++;
  }
  return counts;
}
