/** What Debian's maintainer scripts would do, as data, by package. */

import type { Effects } from "../recipe.ts";
import { baseEffects } from "./base.ts";
import { serverEffects } from "./servers.ts";
import { toolEffects } from "./tools.ts";

const byPackage: Readonly<Record<string, Effects>> = { ...baseEffects, ...toolEffects, ...serverEffects };

/** In the order of installation, but the standard accounts first: others' files belong to them. */
export function effectsOf(packages: readonly string[]): readonly Effects[] {
  const first = packages.filter((name) => name === "base-passwd");
  const rest = packages.filter((name) => name !== "base-passwd");
  return [...first, ...rest].flatMap((name) => byPackage[name] ?? []);
}
