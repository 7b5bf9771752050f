/**
 * A device of sectors as one of v86's IDE disks. A read or write that the host cannot serve fails in the guest as on a real
 * drive (ATA8-ACS: ERR in the status register, UNC in the error register), and is reported to the host with the reason.
 */

import type { V86Disk, V86IdeChannel, V86IdeInterface } from "./v86-library.ts";

/** Offsets and lengths are bytes, multiples of 512. */
export interface SectorDevice {
  readonly size: number;
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
  write(offset: number, data: Uint8Array): void | Promise<void>;
}

export interface DiskFailure {
  readonly disk: string;
  readonly operation: "read" | "write";
  readonly offset: number;
  readonly length: number;
  readonly error: unknown;
}

const STATUS_ERROR = 0x01;
const STATUS_SEEK_COMPLETE = 0x10;
const STATUS_READY = 0x40;
const ERROR_ABORTED = 0x04;
const ERROR_UNCORRECTABLE = 0x40;
const DMA_ACTIVE = 0x01;

export class IdeDisk implements V86Disk {
  onload?: ((event: object) => void) | undefined;
  readonly byteLength: number;
  private readonly name: string;
  private readonly device: SectorDevice;
  private readonly report: (failure: DiskFailure) => void;
  private interface: { readonly channel: V86IdeChannel; readonly drive: V86IdeInterface } | undefined;
  private outstanding = 0;
  private waiting: (() => void)[] = [];

  constructor(name: string, device: SectorDevice, report: (failure: DiskFailure) => void) {
    this.name = name;
    this.device = device;
    this.byteLength = device.size;
    this.report = report;
  }

  /** The drive that this disk is in, once the emulator has made it. */
  insertedIn(channel: V86IdeChannel, drive: V86IdeInterface): void {
    this.interface = { channel, drive };
  }

  /** Resolves when no read or write is under way. */
  idle(): Promise<void> {
    return this.outstanding === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  load(): void {
    this.onload?.({});
  }

  get(
    offset: number,
    length: number,
    done: (data: Uint8Array) => void,
    options: { readonly signal?: AbortSignal } = {},
  ): void {
    this.serve("read", offset, length, options.signal, () => this.device.read(offset, length), done);
  }

  set(offset: number, data: Uint8Array, done: () => void): void {
    this.serve("write", offset, data.length, undefined, () => this.device.write(offset, data), done);
  }

  /** v86 looks into the first sector for a disk geometry before it boots; the disks have none, and it guesses one from the size. */
  get_and_cache(_offset: number, _length: number, done: () => void): void {
    done();
  }
  get_from_cache(): undefined {}

  /** The content is the host's, not the emulator state's. */
  get_state(): unknown[] {
    return [];
  }
  set_state(): void {}

  private serve<Result>(
    operation: DiskFailure["operation"],
    offset: number,
    length: number,
    signal: AbortSignal | undefined,
    work: () => Result | Promise<Result>,
    done: (result: Result) => void,
  ): void {
    const fail = (error: unknown) => {
      this.report({ disk: this.name, operation, offset, length, error });
      // The guest has reset the drive meanwhile: nobody waits for this command.
      if (signal?.aborted !== true) this.failCommand(operation);
    };
    let result: Result | Promise<Result>;
    try {
      result = work();
    } catch (error) {
      fail(error);
      return;
    }
    if (!(result instanceof Promise)) {
      done(result);
      return;
    }
    this.outstanding++;
    result.then(done, fail).finally(() => {
      this.outstanding--;
      if (this.outstanding === 0) for (const resolve of this.waiting.splice(0)) resolve();
    });
  }

  private failCommand(operation: DiskFailure["operation"]): void {
    if (this.interface === undefined) return;
    const { channel, drive } = this.interface;
    drive.in_progress_io_ids.clear();
    drive.status_reg = STATUS_READY | STATUS_SEEK_COMPLETE | STATUS_ERROR;
    drive.error_reg = operation === "read" ? ERROR_UNCORRECTABLE : ERROR_ABORTED;
    channel.dma_status &= ~DMA_ACTIVE;
    drive.current_command = -1;
    drive.push_irq();
  }
}
