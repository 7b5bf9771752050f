/** `docker network ls --filter` and `prune --filter` (moby's daemon/network). */
import { EngineError } from "../errors.ts";
import { booleanFilter, checkFilters, type Filters, isAny, matches, matchesLabels, untilOf } from "../filter-args.ts";
import type { NetworkRecord } from "./model.ts";
import { predefined } from "./registry.ts";

const listFilters = ["dangling", "driver", "id", "label", "name", "scope", "type"];
const pruneFilters = ["label", "label!", "until"];

export function filterNetworks(
  networks: readonly NetworkRecord[],
  filters: Filters,
  used: (network: NetworkRecord) => boolean,
): readonly NetworkRecord[] {
  checkFilters(filters, listFilters);
  const dangling = booleanFilter(
    filters,
    "dangling",
    `invalid value for filter 'dangling', must be "true" (or "1"), or "false" (or "0")`,
  );
  for (const type of filters.type ?? [])
    if (type !== "custom" && type !== "builtin") throw new EngineError("system", `invalid filter: 'type'='${type}'`);
  return networks.filter((network) => {
    const builtin = predefined.includes(network.name);
    return (
      isAny(filters.driver, network.driver) &&
      matches(filters.name, network.name) &&
      matches(filters.id, network.id) &&
      isAny(filters.scope, "local") &&
      isAny(filters.type, builtin ? "builtin" : "custom") &&
      matchesLabels(filters.label, network.labels) &&
      (dangling === undefined || dangling === (!builtin && !used(network)))
    );
  });
}

export function prunable(networks: readonly NetworkRecord[], filters: Filters, now: Date): readonly NetworkRecord[] {
  checkFilters(filters, pruneFilters);
  const until = untilOf(filters, now);
  return networks.filter(
    (network) =>
      !predefined.includes(network.name) &&
      matchesLabels(filters.label, network.labels) &&
      !(filters["label!"] ?? []).some((value) => matchesLabels([value], network.labels)) &&
      (until === undefined || Date.parse(network.created) < until),
  );
}
