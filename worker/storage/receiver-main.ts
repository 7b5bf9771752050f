/**
 * A Worker for contents that arrive in large: they are hashed and written here, and the wait for the disk (a sync access handle's flush
 * returns when the bytes are on it) is not the machine's.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import * as Comlink from "comlink";
import { type Outcome, portReadable, toWireError } from "../protocol/index.ts";
import { OpfsFiles } from "./opfs-files.ts";
import { type Received, receiveInto } from "./receive.ts";

export interface Receiver {
  /** Makes the file of the store in `folder` from a port of bytes. */
  receive(folder: string, name: string, content: MessagePort): Promise<Outcome<Received>>;
}

const receiver: Receiver = {
  async receive(folder, name, content) {
    try {
      const files = await OpfsFiles.open(folder);
      return { ok: true, value: await receiveInto(await files.open(name), portReadable(content), sha256.create()) };
    } catch (error) {
      return { ok: false, error: toWireError(error) };
    }
  },
};

Comlink.expose(receiver);
