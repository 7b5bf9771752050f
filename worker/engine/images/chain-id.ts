import type { Digest } from "../ports/storage.ts";
import { digestOf } from "../registry/repository-client.ts";

/** Chain ids of layers, base first (image-spec, config.md, Layer ChainID): each names a layer together with all below it. */
export async function chainIds(diffIds: readonly Digest[]): Promise<readonly Digest[]> {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : await digestOf(new TextEncoder().encode(`${below} ${diffId}`)));
  }
  return chain;
}
