/** Containers of a checkpoint run on in the machine that was put back to it. */
import { describe, expect, it } from "vitest";
import { FakeProcess } from "../testing/fake-guest.ts";
import { type Kit, makeKit, settle } from "./testing/kit.ts";

const exec = {
  cmd: ["top"],
  attachStdin: false,
  attachStdout: true,
  attachStderr: true,
  tty: false,
  env: [],
  user: "",
  workingDir: "",
  privileged: false,
  detachKeys: "",
  consoleSize: undefined,
};

/** A second engine over the first one's records, with its processes as they stood. */
async function putBack(first: Kit): Promise<{ readonly kit: Kit; readonly processes: Map<number, FakeProcess> }> {
  const state = first.containers.exportState();
  const kit = await makeKit(first.records);
  const processes = new Map(
    first.guest.processes
      .filter(({ running }) => running)
      .map(({ pid, spec, root }) => [pid, new FakeProcess(pid, spec, root)]),
  );
  await kit.containers.open({ state, find: (pid) => processes.get(pid), pids: [...processes.keys()] });
  return { kit, processes };
}

async function started(body: object = {}): Promise<{ readonly kit: Kit; readonly pid: number }> {
  const kit = await makeKit();
  await kit.containers.create({ Image: "busybox", OpenStdin: true, ...body }, "c1");
  await kit.containers.start("c1");
  await kit.containers.idle();
  return { kit, pid: kit.guest.processes[0]?.pid ?? 0 };
}

const logLines = async (kit: Kit): Promise<readonly string[]> => {
  const signal = new AbortController().signal;
  const lines: string[] = [];
  for await (const { text } of kit.containers.logs("c1", { follow: false, stdout: true, stderr: true, signal }).entries)
    lines.push(text);
  return lines;
};

describe("a container of a checkpoint", () => {
  it("is running with its PID; its log goes on in the middle of a line, its input reaches it, its end is seen", async () => {
    const { kit: first, pid } = await started();
    first.guest.processes[0]?.write("half a ");
    await settle();
    const { kit, processes } = await putBack(first);
    const process = processes.get(pid);
    expect(kit.containers.get("c1").state).toMatchObject({ status: "running", pid });
    process?.write("line\n");
    await settle();
    expect(await logLines(kit)).toEqual(["half a line\n"]);
    const signal = new AbortController().signal;
    const request = { stdin: true, stdout: true, stderr: true, stream: true, logs: false, detachKeys: "", signal };
    const writer = kit.containers.attach("c1", request).stream.writable.getWriter();
    await writer.write(new TextEncoder().encode("typed"));
    expect(process?.input).toBe("typed");
    const waiting = kit.containers.wait("c1", "next-exit");
    process?.end(3);
    await settle();
    await kit.clock.advance(5000);
    expect((await waiting).exitCode).toBe(3);
    expect(kit.containers.get("c1").state.status).toBe("exited");
    expect(kit.actions()).not.toContain("start");
  });

  it("keeps its execs and what they ended with; a health check's program is ended, and asked again", async () => {
    const Healthcheck = { Test: ["CMD", "check"], Interval: 1e9, Retries: 1 };
    const { kit: first } = await started({ Healthcheck });
    const container = first.containers.get("c1");
    const running = first.containers.executions.create(container, "c1", exec);
    await first.containers.executions.start(running, { detach: true, tty: false });
    const ended = first.containers.executions.create(container, "c1", exec);
    await first.containers.executions.start(ended, { detach: true, tty: false });
    first.guest.processes.at(-1)?.end(7);
    await first.clock.advance(1000);
    const probe = first.guest.processes.at(-1)?.pid ?? 0;
    const { kit } = await putBack(first);
    expect(kit.containers.executions.inspect(running)).toMatchObject({ Running: true });
    expect(kit.containers.executions.inspect(ended)).toMatchObject({ Running: false, ExitCode: 7 });
    expect(kit.guest.opsOf("kill")).toEqual([{ op: "kill", pid: probe, signal: 9, ignore: ["*"] }]);
    expect(kit.containers.get("c1").health?.Status).toBe("starting");
    await kit.clock.advance(1000);
    expect(kit.guest.spawns.at(-1)?.args).toEqual(["check"]);
  });

  it("that waited for its next start is started then", async () => {
    const { kit: first } = await started({ HostConfig: { RestartPolicy: { Name: "always" } } });
    first.guest.processes[0]?.end(1);
    await settle();
    await first.clock.advance(10);
    await first.containers.idle();
    expect(first.containers.get("c1").state.status).toBe("restarting");
    const { kit } = await putBack(first);
    expect(kit.containers.get("c1").state.status).toBe("restarting");
    await kit.clock.advance(10_000);
    expect(kit.containers.get("c1").state.status).toBe("running");
  });

  it("whose process is not there has ended, as after a power cut", async () => {
    const { kit: first } = await started();
    const kit = await makeKit(first.records);
    await kit.containers.open({ state: first.containers.exportState(), find: () => undefined, pids: [] });
    expect(kit.containers.get("c1").state).toMatchObject({ status: "exited", exitCode: 255 });
  });
});
