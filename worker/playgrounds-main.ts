/** A Worker for what is done to playgrounds while no machine runs on them: copies and files are read and written without the page waiting. */
import { sha256 } from "@noble/hashes/sha2.js";
import * as Comlink from "comlink";
import { type DiskOfSite, PlaygroundShelf } from "./playgrounds/shelf.ts";
import { type Outcome, type PlaygroundsService, portReadable, toWireError } from "./protocol/index.ts";
import { sendStream } from "./rpc/api-bridge.ts";
import { SiteFiles } from "./site/site-files.ts";
import { loadBase } from "./storage/disk-base.ts";
import { openPlaygroundFolders } from "./storage/opfs-folders.ts";

let disk: Promise<DiskOfSite> | undefined;
async function loadDisk(): Promise<DiskOfSite> {
  const file = await new SiteFiles().bytes("machine/disk.ext4.gz");
  const digest = [...sha256(file)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { base: await loadBase(file), baseDigest: digest };
}

let shelf: Promise<PlaygroundShelf> | undefined;
async function openShelf(): Promise<PlaygroundShelf> {
  try {
    const folders = await openPlaygroundFolders();
    return new PlaygroundShelf(folders, {
      disk: () => {
        disk ??= loadDisk();
        return disk;
      },
      now: () => Date.now(),
    });
  } catch {
    throw { kind: "unavailable", message: "This browser gives the page no storage, so it keeps no playgrounds." };
  }
}

async function outcome<T>(work: (shelf: PlaygroundShelf) => Promise<T>): Promise<Outcome<T>> {
  try {
    shelf ??= openShelf();
    const value = await work(await shelf);
    const answer = { ok: true as const, value };
    return value instanceof MessagePort ? Comlink.transfer(answer, [value]) : answer;
  } catch (error) {
    return { ok: false, error: toWireError(error) };
  }
}

const service: PlaygroundsService = {
  list: () => outcome((own) => own.list()),
  create: (name) => outcome((own) => own.create(name)),
  touch: (id) => outcome((own) => own.touch(id)),
  rename: (id, name) => outcome((own) => own.rename(id, name)),
  remove: (id) => outcome((own) => own.remove(id)),
  duplicate: (id, name) => outcome((own) => own.duplicate(id, name)),
  exportFile: (id) => outcome(async (own) => sendStream(await own.exportFile(id))),
  importFile: (content) => outcome((own) => own.importFile(portReadable<Uint8Array>(content))),
};

Comlink.expose(service);
