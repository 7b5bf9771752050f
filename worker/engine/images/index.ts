/**
 * Images: what containers are made from.
 *
 * An image is an OCI configuration; its id is the configuration's digest. Its layers are known by the digests of their uncompressed
 * tars. References (tags and digests) point to images. What always holds: a configuration or layer is in the store only under the
 * digest of its bytes; an image that a reference points to has all its layers, complete or lazily readable and then verified chunk
 * by chunk; a layer is deleted with the last image that has it.
 *
 * This domain is not a builder (it offers `create` and `commitUpper` to one), and it knows of containers only who uses what.
 */
export type { ImageContext } from "./context.ts";
export { erofsBlockImage } from "./erofs/block-image.ts";
export { type ErofsImage, writeErofs } from "./erofs/writer.ts";
export { type FileEntry, FileTree, type FileType } from "./file-tree.ts";
export { ImageService, type ImageServiceOptions } from "./service.ts";
