/** A root file system with busybox (of the prebuilt image) in the machine, for tests of processes. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import type { Guest } from "../../worker/engine/ports/guest.ts";

const blobs = new URL("../../guest-image/prebuilt/images/v2/library/busybox/blobs/", import.meta.url);

const APPLETS = [
  "sh",
  "cat",
  "echo",
  "id",
  "ls",
  "sleep",
  "stty",
  "tty",
  "env",
  "true",
  "false",
  "yes",
  "head",
  "wc",
  "nc",
  "hostname",
  "mount",
  "ps",
  "dd",
  "kill",
  "readlink",
  "tee",
  "ip",
  "umask",
];

async function busybox(): Promise<Uint8Array> {
  const files = readdirSync(blobs).map((name) => new URL(encodeURIComponent(name), blobs));
  const layer = files.reduce((a, b) => (statSync(a).size > statSync(b).size ? a : b));
  const entries = await unpackTar(new Uint8Array(gunzipSync(readFileSync(layer))));
  const largest = entries.reduce((a, b) => ((a.data?.length ?? 0) > (b.data?.length ?? 0) ? a : b));
  if (largest.data === undefined) throw new Error("no busybox in its image");
  return largest.data;
}

/** Makes `root` a small userland: /bin with busybox' applets, /etc/passwd and /etc/group, mount points. */
export async function installUserland(guest: Guest, root: string): Promise<void> {
  const directories = ["bin", "etc", "proc", "dev", "sys", "tmp", "root", "home/learner"];
  await guest.batch(directories.map((path) => ({ op: "mkdir", path: `${root}/${path}`, parents: true }) as const));
  const writer = guest.writeFile(`${root}/bin/busybox`, { mode: 0o755 }).getWriter();
  await writer.write(await busybox());
  await writer.close();
  const passwd = "root:x:0:0:root:/root:/bin/sh\nlearner:x:1000:1000::/home/learner:/bin/sh\n";
  const group = "root:x:0:\nlearner:x:1000:\ndocker:x:999:learner\nextra:x:50:\n";
  await guest.batch([
    ...APPLETS.map((name) => ({ op: "link", from: `${root}/bin/busybox`, to: `${root}/bin/${name}` }) as const),
    { op: "write", path: `${root}/etc/passwd`, data: passwd },
    { op: "write", path: `${root}/etc/group`, data: group },
  ]);
}
