/**
 * The workspace: the learner's own files, seen by the guest as a 9p file system at /home/learner/site and by the page's editor.
 * The tree lives in memory, every change is written to the playground's storage; the 9p server and the page act on the same tree,
 * so that each sees the other's changes. Not for containers' layers or volumes: those live on the machine's disks.
 */
export type { WorkspaceImage } from "./ninep/fids.ts";
export { NinepServer } from "./ninep/server.ts";
export { persistTree } from "./persist.ts";
export { FileTree, type Node, type TreeChange, TreeError } from "./tree.ts";
