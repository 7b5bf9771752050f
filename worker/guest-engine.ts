/** The engine and its doors inside the machine: the `docker` command, and /var/run/docker.sock for any other client. */
import { serveConnection } from "./api/http-server.ts";
import type { ApiTransport } from "./api/transport.ts";
import { assemble } from "./assembly.ts";
import { hex } from "./bytes/hex.ts";
import { Lives } from "./checkpoints/lives.ts";
import { CheckpointService } from "./checkpoints/service.ts";
import { StoredCheckpoints } from "./checkpoints/stored.ts";
import { loadFirstCommands } from "./cli/commands/index.ts";
import type { CliInvocation } from "./cli/invocation.ts";
import { serveCommands } from "./commands/index.ts";
import type { Drydock, LivingMachine } from "./drydock-model.ts";
import type { Guest } from "./engine/ports/guest.ts";
import type { Clock, Randomness } from "./engine/ports/host.ts";
import { defaultCapabilities } from "./engine/runtime/capabilities.ts";
import { compileSeccomp } from "./engine/runtime/seccomp.ts";
import { defaultSeccompProfile } from "./engine/runtime/seccomp-profile.ts";
import { readFacts } from "./machine/facts.ts";
import { attachNetwork } from "./network/attach.ts";
import { openNetwork, packageVariables, trustVariables } from "./network/outside.ts";
import type { Authority, StoredAuthority } from "./network/tls/authority.ts";
import type { JournalRecordStore } from "./storage/records.ts";

export { loadFirstCommands };

const dockerGroup = 999;

export async function openEngine(living: LivingMachine): Promise<Drydock> {
  const { parts, stores, machine, guest, terminals, workspace, origin } = living;
  const { clock, randomness, fetch, catalogue, onNotice } = parts;
  const outside = async () => {
    const authority =
      parts.surroundings.kind === "page" ? await openAuthority(stores.records, clock, randomness) : undefined;
    const { uplink, resolver, refusals } = openNetwork({ ...parts, authority, onRefusal: onNotice });
    const network = await attachNetwork({ cable: machine.network, guest, uplink, clock, randomness });
    return { authority, resolver, refusals, network };
  };
  const [{ authority, resolver, refusals, network }, facts, stored] = await Promise.all([
    outside(),
    playgroundId(stores.records, randomness).then((id) => readFacts(guest, id)),
    living.resumed?.stored ?? StoredCheckpoints.open(stores),
  ]);
  const lives = await Lives.begin({
    machine: living,
    assemble: (platform) =>
      assemble({
        ...platform,
        randomness,
        fetch,
        catalogue,
        resolver,
        packageVariables: authority === undefined ? packageVariables : [...packageVariables, ...trustVariables],
        authority: authority?.pem,
        watchRefusals: (listener) => refusals.watch(listener),
        facts,
      }),
    serve: (client, engine, api) => serveGuest(client, { api, docker: (invocation) => engine.docker(invocation, api) }),
    unplug: () => network.reset(),
  });
  clock.after(0, prepareFirstRun);
  if (living.resumed !== undefined) terminals.close(living.resumed.instant.terminals);
  const checkpoints = new CheckpointService({
    machine,
    stores,
    clock,
    terminals,
    network,
    stored,
    present: () => lives.present,
    liveOn: (...next) => lives.liveOn(...next),
    ...(parts.from?.kind === "stored" ? { position: parts.from.id } : {}),
    ...(parts.checkpointMemory === undefined ? {} : { budget: parts.checkpointMemory }),
  });
  return {
    guest,
    machine,
    workspace,
    terminals,
    origin,
    api: lives.api,
    checkpoints,
    events: { subscribe: (listener) => lives.subscribe(listener) },
    get containers() {
      return lives.present.engine.containers;
    },
    get images() {
      return lives.present.engine.images;
    },
    get networks() {
      return lives.present.engine.networks;
    },
    docker: (invocation) => lives.present.engine.docker(invocation, lives.api),
    idle: () => lives.present.engine.idle(),
    close: async () => {
      const { engine } = lives.present;
      await engine.idle();
      await engine.stop();
      await guest.batch([{ op: "sync" }]).catch(() => undefined);
      await machine.destroy();
      await stores.flushWorkspace();
      stores.disk.flush();
      parts.onClosed?.();
    },
  };
}

/** Behind the answers of now: what the first `docker run` would load and compute before its container starts. */
function prepareFirstRun(): void {
  // What cannot be loaded now says so to whoever asks for it.
  loadFirstCommands().catch(() => {});
  compileSeccomp(defaultSeccompProfile, defaultCapabilities);
}

/** What the guest's programs reach of the engine. */
interface Doors {
  readonly api: ApiTransport;
  docker(invocation: CliInvocation): Promise<number>;
}

async function serveGuest(guest: Guest, engine: Doors): Promise<void> {
  void serveCommands(guest, {
    docker: (invocation) => engine.docker(invocation),
    "docker-compose": (invocation) => engine.docker({ ...invocation, args: ["compose", ...invocation.args] }),
  });
  await guest.batch([
    { op: "chown", path: "/run/drydock.sock", uid: 0, gid: dockerGroup, ignore: ["ENOENT"] },
    { op: "chmod", path: "/run/drydock.sock", mode: 0o660, ignore: ["ENOENT"] },
    { op: "unlink", path: "/run/docker.sock", ignore: ["ENOENT"] },
  ]);
  const listener = await guest.listen(
    { kind: "unix", path: "/run/docker.sock" },
    { mode: 0o660, uid: 0, gid: dockerGroup },
  );
  void (async () => {
    const connections = listener.connections.getReader();
    for (;;) {
      const { value, done } = await connections.read();
      if (done) return;
      void serveConnection(value, engine.api);
    }
  })();
}

/** The playground's own certificate authority; none where the page has no Web Crypto, as one over plain HTTP. */
async function openAuthority(
  records: JournalRecordStore,
  clock: Clock,
  randomness: Randomness,
): Promise<Authority | undefined> {
  if (globalThis.crypto?.subtle === undefined) return undefined;
  const { Authority } = await import("./network/tls/authority.ts");
  const stored = (await records.get("playground", "authority")) as StoredAuthority | undefined;
  const random = (count: number) => randomness.bytes(count);
  const authority = await Authority.open({ now: () => clock.now(), random }, stored);
  if (stored === undefined) await records.put("playground", "authority", authority.stored);
  return authority;
}

/** A UUID that stays with the playground. */
async function playgroundId(records: JournalRecordStore, randomness: Randomness): Promise<string> {
  const known = await records.get("playground", "id");
  if (typeof known === "string") return known;
  const id = hex(randomness.bytes(16)).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
  await records.put("playground", "id", id);
  return id;
}
