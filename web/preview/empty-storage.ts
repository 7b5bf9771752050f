/**
 * Empties an origin's storage, for a host that several previews share one after another. (Cookies need nothing: pages of a
 * container have them in the service worker's jar, which is in the database that is cleared here.)
 */
import { clear } from "idb-keyval";

/** Of idb-keyval: the service worker has it open, so it is cleared and not deleted. */
const ownDatabase = "keyval-store";

export async function emptyStorage(): Promise<void> {
  localStorage.clear();
  sessionStorage.clear();
  await clear();
  for (const { name } of await indexedDB.databases())
    if (name !== undefined && name !== ownDatabase) await deleteDatabase(name);
  for (const name of await caches.keys()) await caches.delete(name);
  const files = await navigator.storage.getDirectory();
  for await (const name of files.keys()) await files.removeEntry(name, { recursive: true });
}

/** One that is still open somewhere goes when it is closed. */
function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = request.onerror = request.onblocked = () => resolve();
  });
}
