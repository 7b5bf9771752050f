/**
 * Named playgrounds: what each keeps (images, containers, volumes, files) is a folder of the browser's storage. The service works on folders
 * that no machine has open; it takes the playground's Web Lock for that, and says so (conflict) where another tab holds it.
 */
import type { Outcome } from "./outcome.ts";

/** The playground of an address that names none. */
export const defaultPlayground = "default";

/** One machine at a time runs on a playground: who runs or copies it holds this Web Lock. */
export const playgroundLock = (id: string): string => `drydock-playground-${id}`;

export interface PlaygroundInfo {
  /** The folder's name, and that in the page's address: letters of a to z, digits, hyphens. */
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970; 0 when it is not known. */
  readonly created: number;
  readonly used: number;
  readonly bytes: number;
}

export interface PlaygroundsService {
  /** Last used first. Fails (unavailable) where the browser gives no storage. */
  list(): Promise<Outcome<readonly PlaygroundInfo[]>>;
  create(name: string): Promise<Outcome<PlaygroundInfo>>;
  /** To be called when its machine starts: makes it the last used one. */
  touch(id: string): Promise<Outcome<void>>;
  rename(id: string, name: string): Promise<Outcome<void>>;
  remove(id: string): Promise<Outcome<void>>;
  duplicate(id: string, name: string): Promise<Outcome<PlaygroundInfo>>;
  /** A port of bytes: the playground as one file. */
  exportFile(id: string): Promise<Outcome<MessagePort>>;
  /** Takes such a file from a port of bytes. All of it is checked; of a file that is refused nothing stays. */
  importFile(content: MessagePort): Promise<Outcome<PlaygroundInfo>>;
}
