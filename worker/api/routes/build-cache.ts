/** The build cache's part of the API for an engine that has built nothing: `docker system prune` asks for it whatever it prunes. */
import { json } from "../respond.ts";
import type { Route } from "../router.ts";

export function emptyBuildCacheRoutes(): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/build/prune",
      operation: "BuildPrune",
      handle: async () => json({ CachesDeleted: null, SpaceReclaimed: 0 }),
    },
  ];
}
