/**
 * One open file: its text in the editor, and what of it is on the machine. Edits are written after a short rest. A change
 * made on the machine is taken over when nothing here is unsaved; otherwise both are kept until a person chooses.
 */
export interface FileAccess {
  read(path: string): Promise<Uint8Array>;
  write(path: string, bytes: Uint8Array): Promise<void>;
}

export type DocumentState =
  | { readonly kind: "saved" }
  | { readonly kind: "unsaved" }
  | { readonly kind: "conflict"; readonly theirs: string }
  /** Deleted on the machine, and here are edits that were never written. */
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly message: string };

/** Larger files are for the terminal: an editor in a tab would stand still over them. */
const mostBytes = 2_000_000;

/** A file that is not UTF-8 would be spoiled by being written back. A byte order mark stays. */
function decode(bytes: Uint8Array): string {
  if (bytes.length > mostBytes) throw new Error("too large to be edited here. Look at it in the terminal.");
  try {
    if (bytes.includes(0)) throw new TypeError("a zero byte");
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error("not text in UTF-8. It is left alone, for writing it back would change it.");
  }
}

export class OpenDocument {
  readonly path: string;
  state: DocumentState = { kind: "saved" };
  /** What the editor shows. */
  text = "";
  /** What the machine had when we last read or wrote. */
  #base = "";
  readonly #files: FileAccess;
  readonly #onState: () => void;
  readonly #onReplaced: (text: string) => void;
  #saving: Promise<void> = Promise.resolve();

  constructor(path: string, files: FileAccess, callbacks: { onState: () => void; onReplaced: (text: string) => void }) {
    this.path = path;
    this.#files = files;
    this.#onState = callbacks.onState;
    this.#onReplaced = callbacks.onReplaced;
  }

  async load(): Promise<string> {
    this.text = this.#base = decode(await this.#files.read(this.path));
    return this.text;
  }

  edited(text: string): void {
    this.text = text;
    if (this.state.kind !== "conflict" && this.state.kind !== "gone")
      this.#set(text === this.#base ? { kind: "saved" } : { kind: "unsaved" });
  }

  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#write());
    return this.#saving;
  }

  async #write(): Promise<void> {
    if (this.state.kind === "conflict" || this.state.kind === "gone" || this.text === this.#base) return;
    const { text } = this;
    try {
      await this.#files.write(this.path, new TextEncoder().encode(text));
      this.#base = text;
      this.#set(this.text === text ? { kind: "saved" } : { kind: "unsaved" });
    } catch (error) {
      this.#set({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** The file changed on the machine (or we wrote it: then nothing differs). */
  async changedOutside(): Promise<void> {
    await this.#saving;
    const theirs = decode(await this.#files.read(this.path));
    if (this.state.kind === "gone") this.#set({ kind: "unsaved" });
    if (theirs === this.#base) return;
    if (this.text === this.#base) {
      this.text = this.#base = theirs;
      this.#onReplaced(theirs);
    } else if (theirs === this.text) {
      this.#base = theirs;
      this.#set({ kind: "saved" });
    } else this.#set({ kind: "conflict", theirs });
  }

  /** The file is no longer on the machine. Answers whether nothing is lost by closing it. */
  removedOutside(): boolean {
    if (this.text === this.#base) return true;
    this.#set({ kind: "gone" });
    return false;
  }

  /** Edits that were not written are given up. */
  discard(): void {
    this.text = this.#base;
    this.#set({ kind: "saved" });
  }

  async writeAgain(): Promise<void> {
    if (this.state.kind !== "gone") return;
    this.#base = "";
    this.#set({ kind: "unsaved" });
    await this.save();
  }

  takeTheirs(): void {
    if (this.state.kind !== "conflict") return;
    this.text = this.#base = this.state.theirs;
    this.#set({ kind: "saved" });
    this.#onReplaced(this.text);
  }

  async keepMine(): Promise<void> {
    if (this.state.kind !== "conflict") return;
    this.#base = this.state.theirs;
    this.#set({ kind: "unsaved" });
    await this.save();
  }

  #set(state: DocumentState): void {
    this.state = state;
    this.#onState();
  }
}
