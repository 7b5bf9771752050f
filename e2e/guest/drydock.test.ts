/** A whole Drydock in Node: what holds across its parts, and across a restart. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capture } from "../../worker/cli/capture.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";
import { Screen } from "./screen.ts";

const state = mkdtempSync(join(tmpdir(), "drydock-state-"));
let drydock: Drydock;
beforeAll(async () => {
  drydock = await openDrydock({ state });
});
afterAll(async () => {
  await drydock.close();
  rmSync(state, { recursive: true, force: true });
});

const docker = (...args: readonly string[]) => capture((invocation) => drydock.docker(invocation), args);
const output = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.trim();
};

describe("a Drydock", () => {
  it("runs a container from one command line", async () => {
    expect(await output("run", "--rm", "busybox", "echo", "hi")).toBe("hi");
    expect((await docker("run", "--rm", "busybox", "sh", "-c", "exit 7")).code).toBe(7);
  });

  it("gives the learner a shell in the workspace, whose docker command is the engine's", async () => {
    const typist = new Screen(await drydock.terminals.open({ rows: 24, columns: 100 }));
    await typist.sees(/learner@drydock:.*site.*\$ $/);
    await typist.type("id -un; pwd; docker run --rm busybox echo from-$((40+2))\n");
    const shown = await typist.sees(/from-42\r\n/);
    expect(shown).toContain("learner\r\n/home/learner/site\r\n");
    await typist.type("docker run --rm busybox false; echo code $?\n");
    await typist.sees(/code 1\r\n/);
    await typist.type("docker run -it --rm busybox sh -c 'tty; hostname | wc -c; read answer; exit $answer'\n");
    await typist.sees(/\/dev\/pts\/0\r\n13\r\n/);
    await typist.type("3\n");
    await typist.sees(/\$ $/);
    await typist.type("echo ended with $?\n");
    await typist.sees(/ended with 3\r\n/);
    await typist.type("sudo id -u; echo $?\n");
    await typist.sees(/0\r\n0\r\n/);
  });

  it("has a shell waiting at its prompt in the snapshot, of the size that the first terminal asks for; the next terminal starts its own", async () => {
    const fresh = await openDrydock();
    try {
      const before = await shells(fresh);
      const first = new Screen(await fresh.terminals.open({ rows: 31, columns: 97 }));
      await first.sees(/learner@drydock:.*site.*\$ $/);
      expect(await shells(fresh)).toEqual(before);
      await first.type("stty size; id -un; pwd\n");
      await first.sees(/31 97\r\nlearner\r\n\/home\/learner\/site\r\n/);
      const second = new Screen(await fresh.terminals.open({ rows: 24, columns: 80 }));
      await second.sees(/\$ $/);
      expect((await shells(fresh)).length).toBe(before.length + 1);
    } finally {
      await fresh.close();
    }
  });

  it("serves the Engine API at docker.sock to any client in the machine", async () => {
    const typist = new Screen(await drydock.terminals.open({ rows: 24, columns: 100 }));
    await typist.sees(/\$ $/);
    await typist.type("curl -s --unix-socket /var/run/docker.sock http://d/_ping; echo\n");
    await typist.sees(/OK\r\n/);
  });

  it("shows files of the workspace on both sides", async () => {
    drydock.workspace.writeFile("src/hello.txt", new TextEncoder().encode("ahoy\n"));
    expect(await output("run", "--rm", "-v", "/home/learner/site/src:/src", "busybox", "cat", "/src/hello.txt")).toBe(
      "ahoy",
    );
    await output(
      "run",
      "--rm",
      "-v",
      "/home/learner/site/src:/src",
      "busybox",
      "sh",
      "-c",
      "echo back > /src/back.txt",
    );
    const back = drydock.workspace.find("src/back.txt");
    expect(back === undefined ? "" : new TextDecoder().decode(drydock.workspace.read(back, 0, 100))).toBe("back\n");
  });

  it("lets containers find each other by name on a network of their own", async () => {
    await output("network", "create", "crew");
    await output("run", "-d", "--name", "alpha", "--network", "crew", "busybox", "sleep", "1000");
    expect(await output("run", "--rm", "--network", "crew", "busybox", "ping", "-c1", "alpha")).toContain(
      "1 packets received",
    );
    const outside = await docker("run", "--rm", "--network", "crew", "busybox", "ping", "-c1", "example.invalid");
    expect(outside.code).not.toBe(0);
    expect(outside.stderr).toContain("bad address");
    await output("rm", "-f", "alpha");
    await output("network", "rm", "crew");
  });

  it("keeps images, stopped containers, volumes, networks and files over a restart", async () => {
    await output("volume", "create", "kept");
    await output(
      "run",
      "--name",
      "writer",
      "-v",
      "kept:/data",
      "busybox",
      "sh",
      "-c",
      "echo one > /data/f; echo two > /in-container",
    );
    await output("run", "-d", "--name", "always", "--restart", "always", "busybox", "sleep", "1000");
    await output("network", "create", "lasting");
    await drydock.close();
    drydock = await openDrydock({ state });
    expect(await output("images", "--format", "{{.Repository}}")).toContain("busybox");
    expect(await output("ps", "-a", "--filter", "name=writer", "--format", "{{.Status}}")).toMatch(/^Exited \(0\)/);
    expect(await output("run", "--rm", "-v", "kept:/data", "busybox", "cat", "/data/f")).toBe("one");
    expect(await output("diff", "writer")).toContain("A /in-container");
    expect(await output("ps", "--format", "{{.Names}}")).toBe("always");
    expect(await output("network", "ls", "--format", "{{.Name}}")).toContain("lasting");
    expect(drydock.workspace.find("src/hello.txt")).toBeDefined();
    await output("rm", "-f", "always", "writer");
  });
});

/** Process ids of the machine's login shells. */
async function shells({ guest }: Drydock): Promise<readonly string[]> {
  const process = await guest.spawn({
    args: ["pgrep", "-u", "learner", "bash"],
    env: ["PATH=/usr/bin:/bin"],
    cwd: "/",
    user: "",
    stdio: { kind: "pipes", stdin: false },
  });
  return (await new Response(process.stdout).text()).trim().split("\n");
}
