/**
 * A 9P2000.L server over the workspace's tree, for the guest kernel's v9fs client (mount tag "host9p").
 * Protocol: https://github.com/chaos/diod/blob/master/protocol.md. The client is trusted no further than its messages parse.
 */

import { errno, type FileTree, type Node, TreeError } from "../tree.ts";
import { attributeHandlers } from "./attributes.ts";
import { MessageReader, MessageWriter } from "./codec.ts";
import { entryHandlers } from "./entries.ts";
import { Fids, type NinepState, type WorkspaceImage } from "./fids.ts";
import { fileHandlers } from "./files.ts";
import type { Handlers, Session } from "./messages.ts";

const Rlerror = 7;
const handlers: Handlers = { ...fileHandlers, ...entryHandlers, ...attributeHandlers };

export class NinepServer {
  readonly #session: Session;

  /** `flushed` hears of files whose writing has come to an end (close or fsync). */
  constructor(tree: FileTree, flushed: (node: Node) => void = () => undefined) {
    this.#session = { tree, fids: new Fids(tree), flushed };
  }

  /** Answers one request; in the form that v86's `handle9p` takes. */
  readonly handle = (request: Uint8Array, reply: (answer: Uint8Array) => void): void => {
    const tag = request.length >= 7 ? (request[5] ?? 0) | ((request[6] ?? 0) << 8) : 0xffff;
    const kind = request[4] ?? 0;
    const out = new MessageWriter();
    try {
      const handler = handlers[kind];
      if (handler === undefined) throw new TreeError("EOPNOTSUPP", `9p message ${kind}`);
      handler(this.#session, new MessageReader(request.subarray(7)), out);
      reply(out.finish(kind + 1, tag));
    } catch (error) {
      const code = error instanceof TreeError ? error.errno : error instanceof RangeError ? errno.EINVAL : errno.EIO;
      reply(new MessageWriter().u32(code).finish(Rlerror, tag));
    }
  };

  exportState(): NinepState {
    return this.#session.fids.exportState();
  }
  /** Fids whose file is gone answer EBADF from now on. */
  importState(state: NinepState): void {
    this.#session.fids.importState(state);
  }
  capture(): WorkspaceImage {
    return this.#session.fids.capture();
  }
  /** Puts tree and fids back; the guest's kernel, put back to the same instant, finds its files open. */
  putBack(image: WorkspaceImage): void {
    this.#session.fids.putBack(image);
  }
}
