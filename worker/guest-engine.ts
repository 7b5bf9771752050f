/** The engine and its doors inside the machine: the `docker` command, and /var/run/docker.sock for any other client. */
import { serveConnection } from "./api/http-server.ts";
import type { Engine } from "./assembly.ts";
import { serveCommands } from "./commands/index.ts";
import type { Guest } from "./engine/ports/guest.ts";

export { assemble } from "./assembly.ts";

const dockerGroup = 999;

export async function serveGuest(guest: Guest, engine: Engine): Promise<void> {
  void serveCommands(guest, {
    docker: (invocation) => engine.docker(invocation),
    "docker-compose": (invocation) => engine.docker({ ...invocation, args: ["compose", ...invocation.args] }),
  });
  await guest.batch([
    { op: "chown", path: "/run/drydock.sock", uid: 0, gid: dockerGroup, ignore: ["ENOENT"] },
    { op: "chmod", path: "/run/drydock.sock", mode: 0o660, ignore: ["ENOENT"] },
    { op: "unlink", path: "/run/docker.sock", ignore: ["ENOENT"] },
  ]);
  const listener = await guest.listen(
    { kind: "unix", path: "/run/docker.sock" },
    { mode: 0o660, uid: 0, gid: dockerGroup },
  );
  void (async () => {
    const connections = listener.connections.getReader();
    for (;;) {
      const { value, done } = await connections.read();
      if (done) return;
      void serveConnection(value, engine.api);
    }
  })();
}
