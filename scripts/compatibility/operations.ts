import reference from "../../worker/api/reference/operations.json" with { type: "json" };
import type { Route } from "../../worker/api/router.ts";
import { buildRoutes } from "../../worker/api/routes/build.ts";
import { containerRoutes } from "../../worker/api/routes/containers.ts";
import { distributionRoutes } from "../../worker/api/routes/distribution.ts";
import { eventRoutes } from "../../worker/api/routes/events.ts";
import { execRoutes } from "../../worker/api/routes/exec.ts";
import { imageRoutes } from "../../worker/api/routes/images.ts";
import { networkRoutes } from "../../worker/api/routes/networks.ts";
import { pluginRoutes } from "../../worker/api/routes/plugins.ts";
import { serviceRoutes, swarmRoutes } from "../../worker/api/routes/swarm.ts";
import { systemRoutes } from "../../worker/api/routes/system.ts";
import { volumeRoutes } from "../../worker/api/routes/volumes.ts";

/** A reason with "yes": the reference does no more either. */
export type Status =
  | { readonly level: "yes"; readonly why?: string }
  | { readonly level: "partial" | "no"; readonly why: string };

export interface Operation {
  readonly tag: string;
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly status: Status;
  readonly test: string;
}

interface Table {
  readonly routes: readonly Route[];
  /** Test that calls the table's operations. */
  readonly test: string;
  /** Why all of the table's answers are refusals. */
  readonly refuses?: string;
}

/** The tables are read here and never called: what their handlers close over is not there. */
const nothing = undefined as never;
const tables: readonly Table[] = [
  { routes: containerRoutes(nothing), test: "worker/api/routes/containers.test.ts" },
  { routes: execRoutes(nothing), test: "worker/engine/containers/service.test.ts" },
  { routes: eventRoutes(nothing, nothing), test: "worker/engine/events/events.test.ts" },
  { routes: imageRoutes(nothing, nothing), test: "worker/api/routes/images.test.ts" },
  { routes: distributionRoutes(nothing), test: "worker/api/routes/images.test.ts" },
  { routes: buildRoutes(nothing), test: "e2e/guest/build.test.ts, worker/api/buildkit/buildkit.test.ts" },
  { routes: networkRoutes(nothing), test: "worker/api/routes/networks.test.ts" },
  { routes: volumeRoutes(nothing), test: "worker/api/routes/networks.test.ts" },
  { routes: systemRoutes(nothing, nothing), test: "worker/api/routes/system.test.ts" },
  { routes: swarmRoutes(nothing), test: "worker/api/routes/swarm.test.ts" },
  {
    routes: serviceRoutes(nothing),
    test: "worker/api/routes/swarm.test.ts",
    refuses: "answers as a swarm that has no services; none can be created",
  },
  { routes: pluginRoutes(), test: "worker/api/routes/system.test.ts", refuses: "answers as an engine without plugins" },
];

/** Operations whose answer is less than the specification's. */
const shortfalls: Readonly<Record<string, string>> = {
  SwarmJoin: "no other machine is within reach",
  SwarmUnlock: "a swarm is never locked: its state lies with the playground",
  Session: "served by npm run serve, with HTTP/2; not on the guest's own socket",
};

export function operations(): readonly Operation[] {
  return reference.map(([tag = "", name = "", method = "", path = ""]) => {
    const table = tables.find(({ routes }) => routes.some((route) => route.operation === name));
    const why = shortfalls[name] ?? table?.refuses;
    return {
      tag,
      name,
      method,
      path,
      test: table?.test ?? "",
      status:
        table === undefined
          ? { level: "no", why: "not there" }
          : why === undefined
            ? { level: "yes" }
            : { level: "partial", why },
    };
  });
}
