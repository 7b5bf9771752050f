/**
 * The guest for those who outlive the engine's lives: the page's host, lessons, whoever holds a Drydock. It is always the client of the
 * present life; what was asked or opened in an earlier one fails with the reason.
 */
import type {
  BatchContext,
  ByteDuplex,
  CommandCall,
  DatagramSocket,
  Guest,
  GuestProcess,
  Listener,
  Op,
  OpResult,
  ProcessSpec,
  SocketAddress,
  WatchedKind,
  WatchSpec,
} from "../engine/ports/guest.ts";
import type { AgentClient } from "../guest/agent-client.ts";
import type { GuestLayerDisk } from "../vm/layer-disk.ts";
import type { Life } from "./life.ts";

/** A life with its client in the guest. */
export interface MachineLife {
  readonly life: Life;
  readonly client: AgentClient;
  readonly layerDisk: GuestLayerDisk;
}

export class LastingGuest implements Guest {
  readonly #present: () => MachineLife;

  constructor(present: () => MachineLife) {
    this.#present = present;
  }

  get commands(): ReadableStream<CommandCall> {
    return this.#present().client.commands;
  }

  batch(ops: readonly Op[], context?: BatchContext): Promise<readonly OpResult[]> {
    const { life, client } = this.#present();
    return life.promise(client.batch(ops, context));
  }

  async spawn(spec: ProcessSpec): Promise<GuestProcess> {
    const { life, client } = this.#present();
    return lasting(await life.promise(client.spawn(spec)), life);
  }

  readFile(path: string, context?: BatchContext, offset?: number): ReadableStream<Uint8Array> {
    const { life, client } = this.#present();
    return life.readable(client.readFile(path, context, offset));
  }

  writeFile(path: string, options?: Parameters<Guest["writeFile"]>[1]): WritableStream<Uint8Array> {
    const { life, client } = this.#present();
    return life.writable(client.writeFile(path, options));
  }

  async connect(address: SocketAddress, namespace?: string): Promise<ByteDuplex> {
    const { life, client } = this.#present();
    return duplex(await life.promise(client.connect(address, namespace)), life);
  }

  async listen(address: SocketAddress, options?: Parameters<Guest["listen"]>[1]): Promise<Listener> {
    const { life, client } = this.#present();
    const { connections, close } = await life.promise(client.listen(address, options));
    return { connections: life.readable(connections), close };
  }

  async watch(spec: WatchSpec): Promise<ReadableStream<ReadonlySet<WatchedKind>>> {
    const { life, client } = this.#present();
    return life.readable(await life.promise(client.watch(spec)));
  }

  async openDatagram(host: string, port: number, namespace?: string): Promise<DatagramSocket> {
    const { life, client } = this.#present();
    const { readable, writable, close } = await life.promise(client.openDatagram(host, port, namespace));
    return { readable: life.readable(readable), writable: life.writable(writable), close };
  }
}

/** The process for somebody who outlives the life that it runs in. */
export function lasting(process: GuestProcess, life: Life): GuestProcess {
  const exit = life.promise(process.exit);
  exit.catch(() => {});
  return {
    pid: process.pid,
    stdin: process.stdin && life.writable(process.stdin),
    stdout: process.stdout && life.readable(process.stdout),
    stderr: process.stderr && life.readable(process.stderr),
    exit,
    resize: (rows, columns) => life.promise(process.resize(rows, columns)),
  };
}

function duplex({ readable, writable }: ByteDuplex, life: Life): ByteDuplex {
  return { readable: life.readable(readable), writable: life.writable(writable) };
}
