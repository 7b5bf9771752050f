import { afterAll, describe, expect, it } from "vitest";
import { MachineError } from "../../worker/vm/errors.ts";
import { restoreMachine, saveMachine } from "../../worker/vm/snapshot.ts";
import { bootRig, devicesOf, partsOf, type Rig, reconnect, restoreRig, shell } from "../soak/rig.ts";
import { Soak, type Way } from "../soak/rounds.ts";

describe("a machine that is saved", () => {
  let rig: Rig;
  afterAll(() => rig.machine.destroy());

  it("goes on in another emulator: processes, their pipes, its clock", async () => {
    rig = await bootRig();
    const started = await rig.agent.spawn({
      args: ["/u/bin/sh", "-c", "i=0; while read x; do i=$((i+1)); echo $x $i; done"],
      env: ["PATH=/u/bin"],
      cwd: "/",
      user: "",
      stdio: { kind: "pipes", stdin: true },
    });
    const before = Number(await shell(rig.agent, "cat /proc/uptime").then((text) => text.split(" ")[0]));
    const saved = await saveMachine(rig.machine, () => rig.agent.exportState());
    await rig.machine.destroy();
    rig = await restoreRig(saved, rig);

    const process = rig.agent.adopted(started.pid);
    const writer = process?.stdin?.getWriter();
    await writer?.write(new TextEncoder().encode("hello\n"));
    await writer?.close();
    expect(await new Response(process?.stdout as ReadableStream<BufferSource>).text()).toBe("hello 1\n");
    expect(await process?.exit).toEqual({ code: 0 });
    const after = Number(await shell(rig.agent, "sleep 0.2; cat /proc/uptime").then((text) => text.split(" ")[0]));
    expect(after - before).toBeGreaterThan(0.2);
    expect(after - before).toBeLessThan(30);
    const date = Number(await shell(rig.agent, "busybox date +%s"));
    expect(Math.abs(date - Date.now() / 1000)).toBeLessThan(3);
  });

  it("brings its generated code back, so that nothing is compiled again", async () => {
    const saved = await saveMachine(rig.machine, () => rig.agent.exportState());
    await rig.machine.destroy();
    rig = await restoreRig(saved, rig);
    expect(saved.modules).toBeGreaterThan(20);
    expect(rig.machine.code.size).toBeGreaterThanOrEqual(saved.modules);
  });

  it("is not restored from damaged memory, nor by an emulator with another layout", async () => {
    const saved = await saveMachine(rig.machine, () => rig.agent.exportState());
    const devices = devicesOf(rig.disk, rig.layers);
    const damaged = { ...saved, state: saved.state.slice() };
    damaged.state[damaged.state.length - 5000] = 1 + (damaged.state[damaged.state.length - 5000] ?? 0);
    await expect(restoreMachine(await partsOf(damaged), devices)).rejects.toThrow("The snapshot's memory is damaged.");
    const moved = { ...saved, layout: { ...saved.layout, main: saved.layout.main + 4096 } };
    await expect(restoreMachine(await partsOf(moved), devices)).rejects.toThrow(MachineError);
    const short = { ...saved, state: saved.state.slice(0, -4096) };
    await expect(restoreMachine(await partsOf(short), devices)).rejects.toThrow("The snapshot is cut off.");
    rig.machine.run();
  });

  it("is put back in place, its disk with it, as often as one likes", async () => {
    const read = "cat /tmp/file /disk/file; echo 3 > /proc/sys/vm/drop_caches; cat /disk/file";
    await shell(
      rig.agent,
      "busybox mkdir -p /disk; mount -t ext4 /dev/sdb /disk; echo one > /tmp/file; echo one > /disk/file",
    );
    const one = await rig.checkpoints.take();
    await shell(rig.agent, "echo two > /tmp/file; echo two > /disk/file; busybox sync");
    const two = await rig.checkpoints.take();
    await shell(rig.agent, "echo three > /tmp/file; echo three > /disk/file; busybox sync");
    for (const [checkpoint, text] of [
      [one, "one"],
      [two, "two"],
      [one, "one"],
    ] as const) {
      await rig.checkpoints.rewind(checkpoint);
      rig = await reconnect(rig, checkpoint.host);
      expect(await shell(rig.agent, read)).toBe(`${text}\n${text}\n${text}\n`);
    }
    const kept = rig.checkpoints.bytes;
    rig.checkpoints.forget(two);
    expect(rig.checkpoints.bytes).toBeLessThan(kept);
    await expect(rig.checkpoints.rewind(two)).rejects.toThrow("forgotten");
  });

  it("costs next to nothing while it waits, in the background, too, and answers at once there", async () => {
    await shell(rig.agent, "sleep 1");
    const share = async () => {
      const before = rig.machine.busyMilliseconds;
      const start = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return (rig.machine.busyMilliseconds - before) / (performance.now() - start);
    };
    expect(await share()).toBeLessThan(0.1);
    rig.machine.inBackground = true;
    expect(await share()).toBeLessThan(0.1);
    expect(await shell(rig.agent, "echo at once")).toBe("at once\n");
    rig.machine.inBackground = false;
  });
});

describe("saving and restoring in the middle of work", () => {
  it("is noticed by nothing that runs, ten times", async () => {
    const soak = await Soak.start();
    const ways: readonly Way[] = [
      "save",
      "rewind",
      "file",
      "file",
      "rewind",
      "save",
      "save",
      "file",
      "rewind",
      "rewind",
    ];
    for (const [index, way] of ways.entries()) await soak.round(way, 50 + ((index * 173) % 500));
    await soak.stop();
  }, 600_000);
});
