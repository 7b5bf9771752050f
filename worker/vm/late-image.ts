import type { BlockImage } from "../engine/ports/host.ts";

/**
 * A layer that is looked for when it is first read: it may stand mounted in a saved machine whose playground got its image later, or never.
 * A failure is the reader's (an I/O error in the guest), and the next read tries again.
 */
export function lateImage(size: number, find: () => Promise<BlockImage>): BlockImage {
  let found: Promise<BlockImage> | undefined;
  return {
    size,
    read: async (offset, length) => {
      found ??= find();
      found.catch(() => {
        found = undefined;
      });
      return (await found).read(offset, length);
    },
  };
}
