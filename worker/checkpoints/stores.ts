/** All that a playground holds outside its machine, and how it is captured and put back at one instant with it. */
import type { BlobsImage, FileBlobStore } from "../storage/blobs.ts";
import type { SparseDisk } from "../storage/disk.ts";
import type { ByteFiles } from "../storage/files.ts";
import type { FileLogStore, LogsImage } from "../storage/logs.ts";
import type { JournalRecordStore, RecordsImage } from "../storage/records.ts";
import type { LayerDiskDevice } from "../vm/layer-disk-device.ts";
import type { NinepServer, WorkspaceImage } from "../workspace/index.ts";

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

/** The disk is put back with the machine. `image.blobs` must be held. */
export async function putStoresBack(stores: Stores, image: StoresImage & { readonly logs: LogsImage }): Promise<void> {
  stores.ninep.putBack(image.workspace);
  await stores.records.putBack(image.records, outside);
  await stores.logs.putBack(image.logs);
  await stores.blobs.putBack(image.blobs);
  await stores.flushWorkspace();
}
