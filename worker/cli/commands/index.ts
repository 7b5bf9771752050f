/**
 * Which module carries out which command, by canonical path, and how many arguments it takes. Modules are loaded at their first use.
 * `docker compose`, `docker buildx`, and `docker build` come from elsewhere: see plugins.ts.
 */
import { type Arity, atLeast, atMost, exactly, noArgs } from "../command/arity.ts";
import type { Handler } from "../session/context.ts";
import { lazy } from "../session/lazy.ts";

export interface CommandEntry {
  readonly arity: Arity;
  readonly load: () => Handler | Promise<Handler>;
}

function entry<M>(arity: Arity, module: () => Promise<M>, pick: (module: M) => Handler): CommandEntry {
  return { arity, load: lazy(async () => pick(await module())) };
}

const lifecycle = () => import("./container/lifecycle.ts");
const run = () => import("./container/run.ts");
const inspect = () => import("./system/inspect.ts");

export const commands: ReadonlyMap<string, CommandEntry> = new Map([
  [
    "container attach",
    entry(
      exactly(1),
      () => import("./container/attach.ts"),
      (m) => m.attach,
    ),
  ],
  ["container create", entry(atLeast(1), run, (m) => m.create)],
  [
    "container exec",
    entry(
      atLeast(2),
      () => import("./container/exec.ts"),
      (m) => m.exec,
    ),
  ],
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
  ["container stop", entry(atLeast(1), lifecycle, (m) => m.stop)],
  ["container unpause", entry(atLeast(1), lifecycle, (m) => m.unpause)],
  ["container wait", entry(atLeast(1), lifecycle, (m) => m.wait)],
  ["image inspect", entry(atLeast(1), inspect, (m) => m.inspectKind("image"))],
  [
    "image ls",
    entry(
      atMost(1),
      () => import("./image/list.ts"),
      (m) => m.list,
    ),
  ],
  [
    "image pull",
    entry(
      exactly(1),
      () => import("./image/pull.ts"),
      (m) => m.pull,
    ),
  ],
  ["inspect", entry(atLeast(1), inspect, (m) => m.inspect)],
  [
    "system info",
    entry(
      noArgs,
      () => import("./system/info.ts"),
      (m) => m.info,
    ),
  ],
  [
    "version",
    entry(
      noArgs,
      () => import("./system/version.ts"),
      (m) => m.version,
    ),
  ],
]);
