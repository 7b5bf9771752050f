/**
 * dockerode's own tests (mocha, its packages installed in its folder) against an engine in this process. They expect images named
 * ubuntu, with its `uptime`: the engine takes debian under that name, which gets busybox's.
 */
import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withBuildKit } from "../../worker/api/buildkit/index.node.ts";
import { serveConnection } from "../../worker/api/http-server.ts";
import { socketDuplex } from "../../worker/api/node-socket.node.ts";
import { capture } from "../../worker/cli/capture.ts";
import { openDrydock } from "../../worker/node.ts";

interface Report {
  readonly passes: readonly { readonly fullTitle: string }[];
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

export async function runDockerode(directory: string): Promise<readonly { name: string; difference?: string }[]> {
  const drydock = await openDrydock();
  const dockerfile = "FROM busybox:latest AS tools\nFROM debian\nCOPY --from=tools /bin/busybox /usr/bin/uptime\n";
  await capture((invocation) => drydock.docker(invocation), ["build", "-q", "-t", "ubuntu", "-"], {
    stdin: dockerfile,
  });
  const api = withBuildKit(drydock.api, drydock.guest);
  const socket = join(tmpdir(), `dockerode-${process.pid}.sock`);
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    void serveConnection(socketDuplex(connection), api);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const file = join(tmpdir(), `dockerode-${process.pid}.json`);
  const args = ["node_modules/mocha/bin/mocha.js", "-R", "json", "--reporter-option", `output=${file}`, "--exit"];
  await new Promise<void>((resolve) => {
    execFile(
      process.execPath,
      args,
      {
        cwd: directory,
        env: { ...process.env, DOCKER_HOST: `unix://${socket}` },
        timeout: 900_000,
        maxBuffer: 64 << 20,
      },
      () => resolve(),
    );
  });
  server.close();
  await drydock.close();
  const report: Report = JSON.parse(readFileSync(file, "utf8"));
  for (const path of [file, socket]) rmSync(path, { force: true });
  return [
    ...report.passes.map(({ fullTitle }) => ({ name: fullTitle })),
    ...report.failures.map(({ fullTitle, err }) => ({ name: fullTitle, difference: err.message ?? "failed" })),
  ];
}
