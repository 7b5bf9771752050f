/**
 * Which module carries out which command, by canonical path, and how many arguments it takes. Modules are loaded at their first use.
 * `docker compose`, `docker buildx`, and `docker build` come from elsewhere: see plugins.ts.
 */
import { type Arity, anyArgs, atLeast, atMost, between, exactly, exactlyByCobra, noArgs } from "../command/arity.ts";
import type { Handler } from "../session/context.ts";
import { lazy } from "../session/lazy.ts";

export interface CommandEntry {
  readonly arity: Arity;
  readonly load: () => Handler | Promise<Handler>;
}

function entry<M>(arity: Arity, module: () => Promise<M>, pick: (module: M) => Handler): CommandEntry {
  return { arity, load: lazy(async () => pick(await module())) };
}

const context = () => import("./context/index.ts");
const lifecycle = () => import("./container/lifecycle.ts");
const images = () => import("./image/manage.ts");
const inspect = () => import("./system/inspect.ts");
const login = () => import("./registry/login.ts");
const manifest = () => import("./manifest/index.ts");
const misc = () => import("./container/misc.ts");
const network = () => import("./network/index.ts");
const plugin = () => import("./plugin/index.ts");
const prune = () => import("./prune.ts");
const run = () => import("./container/run.ts");
const swarm = () => import("./swarm/index.ts");
const transfer = () => import("./image/transfer.ts");
const trust = () => import("./trust/index.ts");
const checkpoint = () => import("./checkpoint/index.ts");
const volume = () => import("./volume/index.ts");

/** Has ready what people type first. */
export async function loadFirstCommands(): Promise<void> {
  await Promise.all(
    ["container run", "container exec", "container ls", "image pull"].map((path) => commands.get(path)?.load()),
  );
}

export const commands: ReadonlyMap<string, CommandEntry> = new Map([
  ["checkpoint create", entry(exactly(2), checkpoint, (m) => m.create)],
  ["checkpoint ls", entry(exactly(1), checkpoint, (m) => m.list)],
  ["checkpoint rm", entry(exactly(2), checkpoint, (m) => m.remove)],
  ["config create", entry(exactly(2), swarm, (m) => m.createData("config"))],
  ["config inspect", entry(atLeast(1), swarm, (m) => m.inspect("config"))],
  ["config ls", entry(noArgs, swarm, (m) => m.list("config"))],
  ["config rm", entry(atLeast(1), swarm, (m) => m.remove("config"))],
  [
    "container attach",
    entry(
      exactly(1),
      () => import("./container/attach.ts"),
      (m) => m.attach,
    ),
  ],
  ["container commit", entry(between(1, 2), misc, (m) => m.commit)],
  [
    "container cp",
    entry(
      exactly(2),
      () => import("./container/cp.ts"),
      (m) => m.cp,
    ),
  ],
  ["container create", entry(atLeast(1), run, (m) => m.create)],
  ["container diff", entry(exactly(1), misc, (m) => m.diff)],
  [
    "container exec",
    entry(
      atLeast(2),
      () => import("./container/exec.ts"),
      (m) => m.exec,
    ),
  ],
  ["container export", entry(exactly(1), misc, (m) => m.exportContainer)],
  ["container inspect", entry(atLeast(1), inspect, (m) => m.inspectKind("container"))],
  ["container kill", entry(atLeast(1), lifecycle, (m) => m.kill)],
  [
    "container logs",
    entry(
      exactly(1),
      () => import("./container/logs.ts"),
      (m) => m.logs,
    ),
  ],
  [
    "container ls",
    entry(
      noArgs,
      () => import("./container/list.ts"),
      (m) => m.list,
    ),
  ],
  ["container pause", entry(atLeast(1), lifecycle, (m) => m.pause)],
  ["container port", entry(between(1, 2), misc, (m) => m.port)],
  ["container prune", entry(noArgs, prune, (m) => m.containers)],
  ["container rename", entry(exactly(2), lifecycle, (m) => m.rename)],
  ["container restart", entry(atLeast(1), lifecycle, (m) => m.restart)],
  ["container rm", entry(atLeast(1), lifecycle, (m) => m.remove)],
  ["container run", entry(atLeast(1), run, (m) => m.run)],
  [
    "container start",
    entry(
      atLeast(1),
      () => import("./container/start.ts"),
      (m) => m.start,
    ),
  ],
  [
    "container stats",
    entry(
      anyArgs,
      () => import("./container/stats.ts"),
      (m) => m.stats,
    ),
  ],
  ["container stop", entry(atLeast(1), lifecycle, (m) => m.stop)],
  ["container top", entry(atLeast(1), misc, (m) => m.top)],
  ["container unpause", entry(atLeast(1), lifecycle, (m) => m.unpause)],
  ["container update", entry(atLeast(1), misc, (m) => m.update)],
  ["container wait", entry(atLeast(1), lifecycle, (m) => m.wait)],
  ["context create", entry(exactly(1), context, (m) => m.create)],
  ["context export", entry(between(1, 2), context, (m) => m.exportContext)],
  ["context import", entry(exactly(2), context, (m) => m.importContext)],
  ["context inspect", entry(anyArgs, context, (m) => m.inspect)],
  ["context ls", entry(noArgs, context, (m) => m.list)],
  ["context rm", entry(atLeast(1), context, (m) => m.remove)],
  ["context show", entry(noArgs, context, (m) => m.show)],
  ["context update", entry(exactly(1), context, (m) => m.update)],
  ["context use", entry(exactlyByCobra(1), context, (m) => m.use)],
  ["image history", entry(exactly(1), images, (m) => m.history)],
  ["image import", entry(atLeast(1), transfer, (m) => m.importImage)],
  ["image inspect", entry(atLeast(1), inspect, (m) => m.inspectKind("image"))],
  ["image load", entry(noArgs, transfer, (m) => m.load)],
  [
    "image ls",
    entry(
      atMost(1),
      () => import("./image/list.ts"),
      (m) => m.list,
    ),
  ],
  ["image prune", entry(noArgs, prune, (m) => m.images)],
  [
    "image pull",
    entry(
      exactly(1),
      () => import("./image/pull.ts"),
      (m) => m.pull,
    ),
  ],
  ["image push", entry(exactly(1), transfer, (m) => m.push)],
  ["image rm", entry(atLeast(1), images, (m) => m.remove)],
  ["image save", entry(atLeast(1), transfer, (m) => m.save)],
  ["image tag", entry(exactly(2), images, (m) => m.tag)],
  ["inspect", entry(atLeast(1), inspect, (m) => m.inspect)],
  ["login", entry(atMost(1), login, (m) => m.login)],
  ["logout", entry(atMost(1), login, (m) => m.logout)],
  ["manifest annotate", entry(exactly(2), manifest, (m) => m.annotate)],
  ["manifest create", entry(atLeast(2), manifest, (m) => m.create)],
  ["manifest inspect", entry(between(1, 2), manifest, (m) => m.inspect)],
  ["manifest push", entry(exactly(1), manifest, (m) => m.push)],
  ["manifest rm", entry(atLeast(1), manifest, (m) => m.remove)],
  ["network connect", entry(exactly(2), network, (m) => m.connect)],
  ["network create", entry(exactly(1), network, (m) => m.create)],
  ["network disconnect", entry(exactly(2), network, (m) => m.disconnect)],
  ["network inspect", entry(atLeast(1), inspect, (m) => m.inspectKind("network"))],
  ["network ls", entry(noArgs, network, (m) => m.list)],
  ["network prune", entry(noArgs, prune, (m) => m.networks)],
  ["network rm", entry(atLeast(1), network, (m) => m.remove)],
  ["node demote", entry(atLeast(1), swarm, (m) => m.demote)],
  ["node inspect", entry(atLeast(1), swarm, (m) => m.inspect("node"))],
  ["node ls", entry(noArgs, swarm, (m) => m.list("node"))],
  ["node promote", entry(atLeast(1), swarm, (m) => m.promote)],
  ["node ps", entry(anyArgs, swarm, (m) => m.ask(() => "/nodes/self"))],
  ["node rm", entry(atLeast(1), swarm, (m) => m.remove("node"))],
  ["node update", entry(exactly(1), swarm, (m) => m.nodeUpdate)],
  ["plugin create", entry(atLeast(2), plugin, (m) => m.create)],
  ["plugin disable", entry(exactly(1), plugin, (m) => m.disable)],
  ["plugin enable", entry(exactly(1), plugin, (m) => m.enable)],
  ["plugin inspect", entry(atLeast(1), inspect, (m) => m.inspectKind("plugin"))],
  ["plugin install", entry(atLeast(1), plugin, (m) => m.install)],
  ["plugin ls", entry(noArgs, plugin, (m) => m.list)],
  ["plugin push", entry(exactly(1), plugin, (m) => m.push)],
  ["plugin rm", entry(atLeast(1), plugin, (m) => m.remove)],
  ["plugin set", entry(atLeast(2), plugin, (m) => m.set)],
  ["plugin upgrade", entry(between(1, 2), plugin, (m) => m.upgrade)],
  [
    "search",
    entry(
      exactly(1),
      () => import("./registry/search.ts"),
      (m) => m.search,
    ),
  ],
  ["secret create", entry(between(1, 2), swarm, (m) => m.createData("secret"))],
  ["secret inspect", entry(atLeast(1), swarm, (m) => m.inspect("secret"))],
  ["secret ls", entry(noArgs, swarm, (m) => m.list("secret"))],
  ["secret rm", entry(atLeast(1), swarm, (m) => m.remove("secret"))],
  ["service create", entry(atLeast(1), swarm, (m) => m.serviceCreate)],
  ["service inspect", entry(atLeast(1), swarm, (m) => m.inspect("service"))],
  [
    "service logs",
    entry(exactly(1), swarm, (m) => m.ask(({ args: [name = ""] }) => `/services/${encodeURIComponent(name)}`)),
  ],
  ["service ls", entry(noArgs, swarm, (m) => m.list("service"))],
  ["service ps", entry(atLeast(1), swarm, (m) => m.ask(() => "/services"))],
  ["service rm", entry(atLeast(1), swarm, (m) => m.remove("service"))],
  [
    "service rollback",
    entry(exactly(1), swarm, (m) => m.ask(({ args: [name = ""] }) => `/services/${encodeURIComponent(name)}`)),
  ],
  ["service scale", entry(atLeast(1), swarm, (m) => m.scale)],
  ["service update", entry(exactly(1), swarm, (m) => m.serviceUpdate)],
  ["stack config", entry(noArgs, swarm, (m) => m.stackFile)],
  ["stack deploy", entry(exactly(1), swarm, (m) => m.stackFile)],
  ["stack ls", entry(noArgs, swarm, (m) => m.ask(() => "/services"))],
  ["stack ps", entry(exactly(1), swarm, (m) => m.ask(() => "/tasks"))],
  ["stack rm", entry(atLeast(1), swarm, (m) => m.ask(() => "/services"))],
  ["stack services", entry(exactly(1), swarm, (m) => m.ask(() => "/services"))],
  ["swarm ca", entry(noArgs, swarm, (m) => m.ask(() => "/swarm"))],
  ["swarm init", entry(noArgs, swarm, (m) => m.init)],
  ["swarm join", entry(exactly(1), swarm, (m) => m.join)],
  ["swarm join-token", entry(exactly(1), swarm, (m) => m.joinToken)],
  ["swarm leave", entry(noArgs, swarm, (m) => m.leave)],
  ["swarm unlock", entry(noArgs, swarm, (m) => m.unlock)],
  ["swarm unlock-key", entry(noArgs, swarm, (m) => m.unlockKey)],
  ["swarm update", entry(noArgs, swarm, (m) => m.swarmUpdate)],
  [
    "system df",
    entry(
      noArgs,
      () => import("./system/df.ts"),
      (m) => m.df,
    ),
  ],
  [
    "system dial-stdio",
    entry(
      noArgs,
      () => import("./system/dial-stdio.ts"),
      (m) => m.dialStdio,
    ),
  ],
  [
    "system events",
    entry(
      noArgs,
      () => import("./system/events.ts"),
      (m) => m.events,
    ),
  ],
  [
    "system info",
    entry(
      noArgs,
      () => import("./system/info.ts"),
      (m) => m.info,
    ),
  ],
  ["system prune", entry(noArgs, prune, (m) => m.system)],
  ["trust inspect", entry(atLeast(1), trust, (m) => m.inspect)],
  ["trust key generate", entry(exactly(1), trust, (m) => m.generate)],
  ["trust key load", entry(exactly(1), trust, (m) => m.load)],
  ["trust revoke", entry(exactly(1), trust, (m) => m.revoke)],
  ["trust sign", entry(exactly(1), trust, (m) => m.sign)],
  ["trust signer add", entry(atLeast(2), trust, (m) => m.addSigner)],
  ["trust signer remove", entry(atLeast(2), trust, (m) => m.removeSigner)],
  [
    "version",
    entry(
      noArgs,
      () => import("./system/version.ts"),
      (m) => m.version,
    ),
  ],
  ["volume create", entry(atMost(1), volume, (m) => m.create)],
  ["volume inspect", entry(atLeast(1), inspect, (m) => m.inspectKind("volume"))],
  ["volume ls", entry(noArgs, volume, (m) => m.list)],
  ["volume prune", entry(noArgs, prune, (m) => m.volumes)],
  ["volume rm", entry(atLeast(1), volume, (m) => m.remove)],
  ["volume update", entry(exactly(1), volume, (m) => m.update)],
]);
