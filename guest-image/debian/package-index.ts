/** A suite's `Packages` files as a table of binary packages. Stanzas are parsed when asked for: a full index has 60,000 of them. */

import { parseStanza, type Stanza, splitStanzas } from "./control.ts";
import { parseRelations, type Relations } from "./relations.ts";
import { compareVersions } from "./version.ts";

/** Where a .deb lies in the archive, without the archive's host. */
export interface PackageFile {
  readonly name: string;
  readonly version: string;
  /** Relative to the archive's root: "pool/main/…". */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

export interface BinaryPackage extends PackageFile {
  /** Pre-Depends and Depends together: nothing here runs maintainer scripts, so their difference does not matter. */
  readonly depends: Relations;
  readonly essential: boolean;
  readonly priority: string;
}

export interface Provider {
  readonly name: string;
  /** The version of the virtual package, where the provider names one. */
  readonly version?: string;
}

const required = (stanza: Stanza, field: string): string => {
  const value = stanza.get(field);
  if (value === undefined) throw new Error(`package ${stanza.get("package") ?? "?"} has no field ${field}`);
  return value;
};

function toPackage(stanza: Stanza): BinaryPackage {
  return {
    name: required(stanza, "package"),
    version: required(stanza, "version"),
    path: required(stanza, "filename"),
    size: Number(required(stanza, "size")),
    sha256: required(stanza, "sha256"),
    depends: [...parseRelations(stanza.get("pre-depends")), ...parseRelations(stanza.get("depends"))],
    essential: stanza.get("essential") === "yes",
    priority: stanza.get("priority") ?? "optional",
  };
}

export class PackageIndex {
  readonly #stanzas = new Map<string, string>();
  readonly #providers = new Map<string, Provider[]>();

  constructor(texts: readonly string[]) {
    for (const text of texts) for (const stanza of splitStanzas(text)) this.#add(stanza);
  }

  #add(stanza: string): void {
    const name = /^Package: (.+)$/m.exec(stanza)?.[1];
    if (name === undefined) return;
    const known = this.#stanzas.get(name);
    const version = (text: string): string => /^Version: (.+)$/m.exec(text)?.[1] ?? "0";
    if (known !== undefined && compareVersions(version(known), version(stanza)) >= 0) return;
    this.#stanzas.set(name, stanza);
    for (const [relation] of parseRelations(/^Provides: (.+)$/m.exec(stanza)?.[1])) {
      if (relation === undefined) continue;
      const list = this.#providers.get(relation.name) ?? [];
      const provided = relation.version === undefined ? { name } : { name, version: relation.version.version };
      this.#providers.set(relation.name, [...list.filter((other) => other.name !== name), provided]);
    }
  }

  get(name: string): BinaryPackage | undefined {
    const stanza = this.#stanzas.get(name);
    return stanza === undefined ? undefined : toPackage(parseStanza(stanza));
  }

  providers(name: string): readonly Provider[] {
    return this.#providers.get(name) ?? [];
  }

  names(): Iterable<string> {
    return this.#stanzas.keys();
  }
}
