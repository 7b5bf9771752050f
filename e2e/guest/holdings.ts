/** What the kernel of the machine holds, in numbers: what stays when its users are gone is a leak. */
import type { Drydock } from "../../worker/node.ts";

const script = `
echo mounts $(wc -l < /proc/1/mounts)
echo cgroups $(find /sys/fs/cgroup -type d | wc -l)
echo links $(ls /sys/class/net | wc -l)
echo namespaces $(ls /run/drydock/netns 2>/dev/null | wc -l)
echo agentFiles $(ls /proc/1/fd | wc -l)
echo processes $(for process in /proc/[0-9]*; do readlink $process/exe; done 2>/dev/null | wc -l)
echo containers $(ls /var/lib/docker/containers 2>/dev/null | wc -l)
echo layers $(ls /var/lib/docker/overlay2 2>/dev/null | wc -l)
echo 3 > /proc/sys/vm/drop_caches
awk '/^(MemTotal|MemFree|Buffers|Cached):/ { m[$1] = $2 } END { print "memory", m["MemTotal:"] - m["MemFree:"] - m["Buffers:"] - m["Cached:"] }' /proc/meminfo
`;

/** Prints what a shell prints that runs as root in the machine, beside all containers. */
export async function inMachine({ guest }: Pick<Drydock, "guest">, script: string): Promise<string> {
  const process = await guest.spawn({
    args: ["sh", "-c", script],
    env: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"],
    cwd: "/",
    user: "",
    stdio: { kind: "pipes", stdin: false },
  });
  return await new Response(process.stdout as ReadableStream<Uint8Array<ArrayBuffer>>).text();
}

/** Of processes those with a program: the kernel's own threads come and go. Memory in kilobytes that are in use and no cache. */
export async function holdings(drydock: Pick<Drydock, "guest">): Promise<Readonly<Record<string, number>>> {
  const lines = (await inMachine(drydock, script)).trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(" ")).map(([name = "", value]) => [name, Number(value)]));
}
