/** Namespaces by their inode, and with whom they are shared. */
import { type NamespaceFact, type NamespaceName, namespaceNames } from "./model.ts";

export type NamespaceInodes = Readonly<Partial<Record<NamespaceName, number>>>;

/** From links of /proc/PID/ns, such as "net:[4026532287]". */
export function namespaceInodes(links: readonly (string | undefined)[]): NamespaceInodes {
  const inodes: Partial<Record<NamespaceName, number>> = {};
  namespaceNames.forEach((name, i) => {
    const inode = /^\w+:\[(\d+)\]$/.exec(links[i] ?? "")?.[1];
    if (inode !== undefined) inodes[name] = Number(inode);
  });
  return inodes;
}

export function namespaceFacts(
  own: NamespaceInodes,
  machine: NamespaceInodes,
  others: readonly { readonly name: string; readonly inodes: NamespaceInodes }[],
  notes: Readonly<Partial<Record<NamespaceName, string>>>,
): readonly NamespaceFact[] {
  return namespaceNames.flatMap((name) => {
    const inode = own[name];
    if (inode === undefined) return [];
    const sharers = others.filter(({ inodes }) => inodes[name] === inode).map((other) => other.name);
    const sharing = machine[name] === inode ? "host" : sharers.length > 0 ? sharers : "own";
    return [{ name, inode, sharing, note: notes[name] ?? "" }];
  });
}
