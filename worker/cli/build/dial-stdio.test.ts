import { beforeAll, expect, it } from "vitest";
import { GrpcClient } from "../../api/buildkit/grpc.node.ts";
import { withBuildKit } from "../../api/buildkit/index.node.ts";
import { messages } from "../../api/buildkit/messages.node.ts";
import { handedOver } from "../../api/buildkit/socket.node.ts";
import { Router } from "../../api/router.ts";
import { runDocker } from "../index.ts";
import type { CliInvocation } from "../invocation.ts";
import { run } from "../testing/scripted.ts";
import { registerBuildCommands } from "./register.ts";

beforeAll(registerBuildCommands);

it("carries BuildKit's protocol over stdin and stdout", async () => {
  const { stream, socket } = handedOver();
  const invocation: CliInvocation = {
    args: ["buildx", "dial-stdio"],
    env: {},
    cwd: "/",
    stdin: stream.readable,
    stdout: stream.writable,
    stderr: new WritableStream(),
    terminal: {
      stdin: false,
      stdout: false,
      stderr: false,
      size: async () => ({ rows: 0, columns: 0 }),
      setRaw: async () => undefined,
    },
    signals: new ReadableStream(),
    files: undefined as never,
  };
  const ended = runDocker(invocation, withBuildKit(new Router([])), { now: Date.now });
  const client = new GrpcClient(socket);
  const { buildkitVersion } = messages.info.decode(
    await client.unary("/moby.buildkit.v1.Control/Info", messages.empty.encode({})),
  ) as { readonly buildkitVersion: { readonly package: string } };
  expect(buildkitVersion.package).toBe("drydock");
  socket.destroy();
  expect(await ended).toBe(0);
});

it("says where there is nothing to dial", async () => {
  const { code, stderr } = await run(["buildx", "dial-stdio"], () => undefined);
  expect(code).toBe(1);
  expect(stderr).toContain("ERROR: failed to dial: BuildKit's protocol is spoken");
});
