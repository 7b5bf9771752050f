import { html, nothing, type TemplateResult } from "lit";
import { BridgeError, type FileEntry } from "../../worker/protocol/index.ts";
import { errorText } from "../engine/engine.ts";
import { icon } from "../shell/icons.ts";
import { LightElement } from "../shell/light-element.ts";
import { openMenu, pointerOf } from "../shell/menu.ts";
import { moveInTree } from "../shell/tree-keys.ts";
import { StoreController } from "../state/store.ts";
import { createFile, moveFile, removeFile, renameFile } from "./file-actions.ts";
import { joinPath, openFile, parentOf } from "./open-files.ts";
import { uploadChosen, uploadDropped } from "./transfer.ts";
import { downloadFile, downloadZip } from "./zip.ts";

/** A dragged file of the tree, told apart from files that come from outside the page. */
const draggedType = "application/x-drydock-path";

/** The workspace as a tree: what the guest sees in /home/learner/site. */
export class Files extends LightElement {
  static override properties = {
    listings: { state: true },
    open: { state: true },
    selected: { state: true },
    failure: { state: true },
    dropping: { state: true },
  };
  declare listings: ReadonlyMap<string, readonly FileEntry[]>;
  declare open: ReadonlySet<string>;
  declare selected: string;
  declare failure: string | undefined;
  declare dropping: boolean;
  readonly #files = new StoreController(
    this,
    () => this.app.store,
    (state) => state.openFiles,
  );
  readonly #machine = new StoreController(
    this,
    () => this.app.store,
    (state) => state.machine.kind,
  );
  #stale = new Set<string>();
  #watching: unknown;

  constructor() {
    super();
    this.listings = new Map();
    this.open = new Set([""]);
    this.selected = "";
    this.dropping = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.dropping = true;
    });
    this.addEventListener("dragleave", () => {
      this.dropping = false;
    });
    this.addEventListener("drop", (event) => {
      event.preventDefault();
      this.dropping = false;
      if (event.dataTransfer !== null) void this.#dropped(event.dataTransfer, event.target as HTMLElement);
    });
  }

  /** Watches again when the machine has been started again. */
  protected override updated(): void {
    if (this.#machine.value === "running") void this.#watch();
  }

  async #watch(): Promise<void> {
    try {
      const { bridge } = this.app;
      if (this.#watching === bridge) return;
      this.#watching = bridge;
      const reader = (await bridge.watchFiles()).getReader();
      await this.#list("");
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        this.#refreshSoon(parentOf(value.path));
      }
    } catch (error) {
      // A machine that stopped is reported elsewhere; what was listed stays in sight.
      if (!(error instanceof BridgeError && error.kind === "workerLost")) this.failure = errorText(error);
    }
  }

  #refreshSoon(directory: string): void {
    if (this.#stale.size === 0)
      setTimeout(() => {
        const stale = [...this.#stale];
        this.#stale.clear();
        for (const each of stale) if (this.listings.has(each)) void this.#list(each);
      }, 60);
    this.#stale.add(directory);
  }

  async #list(directory: string): Promise<void> {
    try {
      const entries = await this.app.bridge.listFiles(directory);
      const rank = (entry: FileEntry): number => (entry.type === "directory" ? 0 : 1);
      const sorted = [...entries].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
      this.listings = new Map([...this.listings, [directory, sorted]]);
      this.failure = undefined;
    } catch (error) {
      if (directory === "") this.failure = errorText(error);
    }
  }

  /** The directory that has focus, or holds the file that has. */
  #directory(): string {
    return this.listings.has(this.selected) ? this.selected : parentOf(this.selected);
  }

  protected override render(): TemplateResult {
    const root = this.listings.get("") ?? [];
    return html`
      <div class="filebar row">
        <button class="ib s" aria-label="New file" title="New file" @click=${() => void createFile(this.app, this.#directory(), "file")}>${icon("plus")}</button>
        <button class="ib s" aria-label="New folder" title="New folder" @click=${() => void createFile(this.app, this.#directory(), "folder")}>${icon("folder")}</button>
        <label class="ib s filebutton" title="Upload files">${icon("upload")}<input type="file" multiple class="vh" aria-label="Upload files" @change=${this.#upload} /></label>
        <label class="ib s filebutton" title="Upload a folder">${icon("folderUp")}<input type="file" webkitdirectory class="vh" aria-label="Upload a folder" @change=${this.#upload} /></label>
        <span class="grow"></span>
        <button class="ib s" aria-label="Download all as a zip" title="Download all as a zip" @click=${() => void downloadZip(this.app, "")}>${icon("download")}</button>
      </div>
      ${this.failure === undefined ? nothing : html`<div class="pad"><div class="note warn">${icon("warn")}<p>${this.failure}</p></div></div>`}
      <div class="tree ${this.dropping ? "dropping" : ""}" role="tree" aria-label="Files" @keydown=${this.#keys}>
        ${root.map((entry, index) => this.#node(entry, "", 0, index === 0))}
      </div>
      ${root.length === 0 && this.failure === undefined ? html`<p class="sub pad">Empty. Create a file, or drop files and folders here.</p>` : nothing}`;
  }

  #node(entry: FileEntry, parent: string, depth: number, first: boolean): TemplateResult {
    const path = joinPath(parent, entry.name);
    const branch = entry.type === "directory";
    const open = branch && this.open.has(path);
    const selected = this.selected === path;
    return html`<div role="treeitem" data-path=${path} aria-level=${depth + 1} aria-expanded=${branch ? open : nothing} aria-selected=${selected || this.#files.value.active === path} tabindex=${selected || (this.selected === "" && first) ? 0 : -1}
        draggable="true" @dragstart=${(event: DragEvent) => event.dataTransfer?.setData(draggedType, path)}
        style="padding-left: ${12 + depth * 16}px" @click=${() => this.#click(path, branch)} @contextmenu=${(event: MouseEvent) => this.#menu(event.currentTarget as HTMLElement, path, branch, event)}>
        ${branch ? icon(open ? "down" : "right") : icon("file")}<span class="clip">${entry.name}</span>
      </div>
      ${open ? html`<div role="group">${(this.listings.get(path) ?? []).map((child) => this.#node(child, path, depth + 1, false))}</div>` : nothing}`;
  }

  #click(path: string, branch: boolean): void {
    this.selected = path;
    if (branch) this.#toggle(path, !this.open.has(path));
    else openFile(this.app, path);
  }

  #toggle(path: string, open: boolean): void {
    const next = new Set(this.open);
    if (open) next.add(path);
    else next.delete(path);
    this.open = next;
    if (open) void this.#list(path);
  }

  /** On a folder into it, on a file beside it, elsewhere into the workspace itself. */
  async #dropped(transfer: DataTransfer, target: HTMLElement): Promise<void> {
    const path = target.closest<HTMLElement>('[role="treeitem"]')?.dataset.path ?? "";
    const directory = this.listings.has(path) || this.#isDirectory(path) ? path : parentOf(path);
    const moved = transfer.getData(draggedType);
    if (moved === "") await uploadDropped(this.app, transfer, directory);
    else await moveFile(this.app, moved, joinPath(directory, moved.slice(moved.lastIndexOf("/") + 1)));
  }

  #isDirectory(path: string): boolean {
    const entries = this.listings.get(parentOf(path)) ?? [];
    return entries.some(({ name, type }) => type === "directory" && joinPath(parentOf(path), name) === path);
  }

  readonly #upload = async (event: Event): Promise<void> => {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    input.value = "";
    await uploadChosen(this.app, files, this.#directory());
  };

  #menu(item: HTMLElement, path: string, branch: boolean, event?: MouseEvent): void {
    event?.preventDefault();
    this.selected = path;
    openMenu(
      item,
      path,
      [
        ...(branch
          ? [
              {
                label: "New file",
                icon: "plus" as const,
                run: () => void createFile(this.app, this.#directory(), "file"),
              },
              {
                label: "New folder",
                icon: "folder" as const,
                run: () => void createFile(this.app, this.#directory(), "folder"),
              },
              { label: "Download as a zip", icon: "download" as const, run: () => void downloadZip(this.app, path) },
              {
                label: "Terminal here",
                icon: "term" as const,
                run: () => void this.app.terminals().then((terminals) => terminals.open({ cwd: path })),
              },
            ]
          : [
              { label: "Open", icon: "file" as const, run: () => openFile(this.app, path) },
              { label: "Download", icon: "download" as const, run: () => void downloadFile(this.app, path) },
            ]),
        { label: "Rename or move", icon: "edit", run: () => void renameFile(this.app, path) },
        { label: "Copy path", icon: "copy", run: () => void this.app.copy(path, "Path") },
        "separator",
        { label: "Delete", icon: "trash", danger: true, run: () => void removeFile(this.app, path) },
      ],
      event === undefined ? undefined : pointerOf(event),
    );
  }

  readonly #keys = (event: KeyboardEvent): void =>
    moveInTree(event, {
      select: (item) => {
        this.selected = item.dataset.path ?? "";
      },
      toggle: (item, open) => this.#toggle(item.dataset.path ?? "", open),
      open: (item) => item.click(),
      remove: (item) => void removeFile(this.app, item.dataset.path ?? ""),
      menu: (item) => this.#menu(item, item.dataset.path ?? "", item.hasAttribute("aria-expanded")),
    });
}
customElements.define("dd-files", Files);
