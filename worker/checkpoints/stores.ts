/** All that a playground holds outside its machine, and how it is captured and put back at one instant with it. */
import type { Digest } from "../engine/ports/storage.ts";
import type { BlobsImage, FileBlobStore } from "../storage/blobs.ts";
import type { DiskBlock, SparseDisk } from "../storage/disk.ts";
import type { ByteFiles } from "../storage/files.ts";
import { FileLogStore, type LogsImage } from "../storage/logs.ts";
import { MemoryFiles } from "../storage/memory-files.ts";
import { JournalRecordStore, type RecordsImage } from "../storage/records.ts";
import type { LayerDiskDevice } from "../vm/layer-disk-device.ts";
import { type NinepServer, persistTree, type WorkspaceImage } from "../workspace/index.ts";

export interface Stores {
  readonly files: ByteFiles;
  readonly blobs: FileBlobStore;
  readonly records: JournalRecordStore;
  readonly logs: FileLogStore;
  readonly ninep: NinepServer;
  /** Resolves when the workspace's changes are durable. */
  readonly flushWorkspace: () => Promise<void>;
  readonly disk: SparseDisk;
  readonly layers: LayerDiskDevice;
}

export const checkpointKind = "checkpoint";
/** Records that no checkpoint takes along: what is stored, who the playground is, and the workspace, which writes its own. */
const outside: ReadonlySet<string> = new Set([checkpointKind, "playground", "workspace"]);

/** Plain data. */
export interface StoresImage {
  readonly workspace: WorkspaceImage;
  readonly records: RecordsImage;
  readonly blobs: BlobsImage;
}

/** Of one instant, without waiting. The blobs are held until they are released. */
export function captureStores({ ninep, records, blobs }: Stores): StoresImage {
  return { workspace: ninep.capture(), records: records.capture(outside), blobs: blobs.capture() };
}

/** What is stored, as of one instant. Nothing of it changes until it is released. */
export interface FrozenStores extends StoresImage {
  readonly logs: LogsImage;
  readonly blocks: readonly DiskBlock[];
  readBlob(digest: Digest, offset: number, length: number): Promise<Uint8Array>;
  release(): Promise<void>;
}

/** Records, logs and workspace of an instant as the files of a store of their own. */
export async function asFiles(image: StoresImage & { readonly logs: LogsImage }): Promise<ByteFiles> {
  const files = new MemoryFiles();
  const records = await JournalRecordStore.open(files);
  const { tree, flush } = await persistTree(records, files, () => 0);
  tree.putBack(image.workspace.tree);
  await flush();
  await records.putBack(image.records, outside);
  await new FileLogStore(files).putBack(image.logs);
  return files;
}

/** The disk is put back with the machine. `image.blobs` must be held. */
export async function putStoresBack(stores: Stores, image: StoresImage & { readonly logs: LogsImage }): Promise<void> {
  stores.ninep.putBack(image.workspace);
  await stores.records.putBack(image.records, outside);
  await stores.logs.putBack(image.logs);
  await stores.blobs.putBack(image.blobs);
  await stores.flushWorkspace();
}
