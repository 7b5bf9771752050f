import { describe, expect, it } from "vitest";
import { type DiskFailure, IdeDisk, type SectorDevice } from "./ide-disk.ts";
import type { V86IdeChannel, V86IdeInterface } from "./v86-library.ts";

function drive(device: Partial<SectorDevice>) {
  const failures: DiskFailure[] = [];
  const disk = new IdeDisk(
    "sda",
    { size: 4096, read: (_offset, length) => new Uint8Array(length), write: () => {}, ...device },
    (failure) => failures.push(failure),
  );
  let interrupts = 0;
  const drive: V86IdeInterface = {
    status_reg: 0x50,
    error_reg: 0,
    current_command: 0x25,
    in_progress_io_ids: new Map([[1, new AbortController()]]),
    push_irq: () => void interrupts++,
  };
  const channel = { master: drive, slave: drive, dma_status: 0x01 } satisfies V86IdeChannel;
  disk.insertedIn(channel, drive);
  return { disk, drive, channel, failures, interrupts: () => interrupts };
}

describe("an IDE disk", () => {
  it("answers at once what is there at once", () => {
    const { disk } = drive({});
    let answered = 0;
    disk.get(0, 512, (data) => {
      answered = data.length;
    });
    expect(answered).toBe(512);
  });

  it("is idle when its last read has ended", async () => {
    let finish: (data: Uint8Array) => void = () => {};
    const { disk } = drive({ read: () => new Promise((resolve) => (finish = resolve)) });
    const order: string[] = [];
    disk.get(0, 512, () => order.push("read"));
    const idle = disk.idle().then(() => order.push("idle"));
    finish(new Uint8Array(512));
    await idle;
    expect(order).toEqual(["read", "idle"]);
  });

  it("fails a command that the host cannot serve as a drive does, and says why", async () => {
    const {
      disk,
      drive: state,
      channel,
      failures,
      interrupts,
    } = drive({ read: () => Promise.reject(new Error("gone")) });
    disk.get(512, 512, () => expect.unreachable());
    await disk.idle();
    expect([state.status_reg & 0x01, state.error_reg, state.current_command, channel.dma_status, interrupts()]).toEqual(
      [1, 0x40, -1, 0, 1],
    );
    expect(state.in_progress_io_ids.size).toBe(0);
    expect(failures).toMatchObject([{ disk: "sda", operation: "read", offset: 512, length: 512 }]);
  });

  it("says nothing to a guest that has reset the drive meanwhile", async () => {
    const { disk, interrupts } = drive({ read: () => Promise.reject(new Error("gone")) });
    disk.get(0, 512, () => {}, { signal: AbortSignal.abort() });
    await disk.idle();
    expect(interrupts()).toBe(0);
  });

  it("refuses a write that throws", () => {
    const full = () => {
      throw new Error("quota");
    };
    const { disk, drive: state } = drive({ write: full });
    disk.set(0, new Uint8Array(512), () => expect.unreachable());
    expect(state.error_reg).toBe(0x04);
  });
});
