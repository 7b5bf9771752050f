/**
 * Which packages a wish needs: the smallest set that satisfies Depends and Pre-Depends. No Recommends, and no search with backtracking:
 * the first alternative that exists wins, as apt decides in a suite that is consistent in itself, unless another was asked for by name.
 */

import type { BinaryPackage, PackageIndex } from "./package-index.ts";
import { type Relation, satisfies } from "./relations.ts";

export interface ResolveOptions {
  /** Packages of lower layers: they count as there and are not returned. */
  readonly installed?: readonly string[];
  /** Packages whose absence is accepted although something depends on them (a container needs no init system, for one). */
  readonly without?: readonly string[];
}

/** The packages to add, dependencies before what needs them; within a cycle in the order of the wish. */
export function resolve(
  index: PackageIndex,
  wanted: readonly string[],
  { installed = [], without = [] }: ResolveOptions = {},
): readonly BinaryPackage[] {
  const chosen = new Map<string, BinaryPackage>();
  const ordered: BinaryPackage[] = [];
  const present = new Set(installed);
  const excluded = new Set(without);
  const wishes = new Set(wanted);

  const isThere = (relation: Relation): boolean => {
    const candidates = [{ name: relation.name }, ...index.providers(relation.name)];
    return candidates.some((candidate) => {
      if (!chosen.has(candidate.name) && !present.has(candidate.name)) return false;
      const version =
        candidate.name === relation.name
          ? index.get(candidate.name)?.version
          : (candidate as { version?: string }).version;
      return satisfies(relation, version);
    });
  };

  const candidate = (relation: Relation): BinaryPackage | undefined => {
    const real = index.get(relation.name);
    if (real !== undefined && satisfies(relation, real.version)) return real;
    return index
      .providers(relation.name)
      .filter((provider) => satisfies(relation, provider.version))
      .map((provider) => index.get(provider.name))
      .filter((found): found is BinaryPackage => found !== undefined)
      .sort((a, b) => Number(wishes.has(b.name)) - Number(wishes.has(a.name)) || (a.name < b.name ? -1 : 1))[0];
  };

  const add = (found: BinaryPackage): void => {
    if (chosen.has(found.name) || present.has(found.name)) return;
    chosen.set(found.name, found);
    for (const group of found.depends) {
      if (group.some((relation) => excluded.has(relation.name)) || group.some(isThere)) continue;
      const options = group.map(candidate).filter((option) => option !== undefined);
      const next = options.find(({ name }) => wishes.has(name)) ?? options[0];
      if (next === undefined) {
        throw new Error(
          `${found.name} needs ${group.map((relation) => relation.name).join(" | ")}, which the suite lacks`,
        );
      }
      add(next);
    }
    ordered.push(found);
  };

  for (const name of wanted) {
    const found = candidate({ name });
    if (found === undefined) throw new Error(`package ${name} is not in the suite`);
    add(found);
  }
  return ordered;
}

/** The base of every Debian system: what is essential or of priority "required". */
export function requiredPackages(index: PackageIndex): readonly string[] {
  const names: string[] = [];
  for (const name of index.names()) {
    const found = index.get(name);
    if (found !== undefined && (found.essential || found.priority === "required")) names.push(name);
  }
  return names.sort();
}
