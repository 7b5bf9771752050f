/** Relationship fields (Debian Policy 7.1): `a (>= 1) | b:any, c`. */

import { compareVersions } from "./version.ts";

export interface Relation {
  readonly name: string;
  readonly version?: { readonly operator: "<<" | "<=" | "=" | ">=" | ">>"; readonly version: string };
}

/** All groups must hold; of a group, one alternative. */
export type Relations = readonly (readonly Relation[])[];

const RELATION = /^([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?(?:\s*\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s)]+)\s*\))?/;

function parseRelation(text: string): Relation {
  const match = RELATION.exec(text.trim());
  if (match?.[1] === undefined) throw new Error(`not a package relation: ${text}`);
  const [, name, operator, version] = match;
  if (operator === undefined || version === undefined) return { name };
  // Policy 7.1: the old spellings < and > mean <= and >=.
  const modern = operator === "<" ? "<=" : operator === ">" ? ">=" : (operator as "<<" | "<=" | "=" | ">=" | ">>");
  return { name, version: { operator: modern, version } };
}

export function parseRelations(field: string | undefined): Relations {
  if (field === undefined) return [];
  return field
    .split(",")
    .filter((group) => group.trim() !== "")
    .map((group) => group.split("|").map(parseRelation));
}

/** An unversioned provider (`candidate` undefined) satisfies only an unversioned relation (Policy 7.5). */
export function satisfies(relation: Relation, candidate: string | undefined): boolean {
  if (relation.version === undefined) return true;
  if (candidate === undefined) return false;
  const order = compareVersions(candidate, relation.version.version);
  switch (relation.version.operator) {
    case "<<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
      return order === 0;
    case ">=":
      return order >= 0;
    case ">>":
      return order > 0;
  }
}
