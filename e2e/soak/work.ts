/**
 * Work that notices when its machine was not put back exactly: copies with checksums in memory and on the disk, process
 * starts, pipes, timers, connections over the loopback network. Each kind counts its rounds in /tmp/soak; whatever goes wrong
 * is written to /tmp/soak/bad.
 */
import type { AgentClient } from "../../worker/guest/agent-client.ts";
import { shell, USERLAND } from "./rig.ts";

const PREPARE = `
b=busybox; mkdir -p /tmp/soak /disk; $b mount -t ext4 /dev/sdb /disk && cd /tmp/soak
$b dd if=/dev/urandom of=a bs=64k count=1 2>/dev/null; $b sha256sum < a > sum
`;

const LOOPS: Readonly<Record<string, string>> = {
  memory: `i=0; while :; do $b cp a c; $b sha256sum < c > c.sum; $b cmp -s sum c.sum && i=$((i+1)) || echo memory $i >> bad; echo $i > memory; $b sleep 0.05; done`,
  disk: `i=0; while :; do $b cp a /disk/d$((i%4)); $b sync; echo 1 > /proc/sys/vm/drop_caches; $b sha256sum < /disk/d$((i%4)) > d.sum
    $b cmp -s sum d.sum && i=$((i+1)) || echo disk $i >> bad; echo $i > disk; $b sleep 0.05; done`,
  starts: `(while :; do $b true; echo x; $b sleep 0.02; done) | (i=0; while read x; do i=$((i+1)); echo $i > starts; done)`,
  timers: `i=0; while :; do $b sleep 0.1; i=$((i+1)); echo $i > timers; done`,
  network: `$b nc -ll -p 7007 -e $b cat & until [ "$(echo x | $b nc -w 60 127.0.0.1 7007)" = x ]; do $b sleep 0.1; done; i=0
    while :; do x=$(echo token$i | $b nc -w 60 127.0.0.1 7007); [ "$x" = token$i ] && i=$((i+1)) || echo network $i "$x" >> bad; echo $i > network; $b sleep 0.05; done`,
};

export type Counts = Readonly<Record<string, number>>;

export async function startWork(agent: AgentClient): Promise<void> {
  await shell(agent, PREPARE);
  for (const script of Object.values(LOOPS)) {
    await agent.spawn({
      args: [`${USERLAND}/bin/sh`, "-c", `b=busybox; cd /tmp/soak; ${script}`],
      env: [`PATH=${USERLAND}/bin`],
      cwd: "/",
      user: "",
      stdio: { kind: "null" },
    });
  }
}

/** Rounds of each kind so far. Throws when one of them noticed something. */
export async function checkWork(agent: AgentClient): Promise<Counts> {
  const [bad, ...counts] = await agent.batch([
    { op: "read", path: "/tmp/soak/bad", ignore: ["ENOENT"] },
    ...Object.keys(LOOPS).map((name) => ({ op: "read", path: `/tmp/soak/${name}`, ignore: ["ENOENT"] }) as const),
  ]);
  const text = (result: unknown) => (result instanceof Uint8Array ? new TextDecoder().decode(result) : "");
  if (text(bad) !== "") throw new Error(`The work noticed: ${text(bad)}`);
  return Object.fromEntries(Object.keys(LOOPS).map((name, index) => [name, Number(text(counts[index]))]));
}

/** Waits until every kind of work has gone on beyond `before`. */
export async function workGoesOn(agent: AgentClient, before: Counts, timeout = 180_000): Promise<Counts> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const now = await checkWork(agent);
    const stuck = Object.keys(before).filter((name) => (now[name] ?? 0) <= (before[name] ?? 0));
    if (stuck.length === 0) return now;
    if (Date.now() > deadline) throw new Error(`Nothing more from ${stuck.join(", ")}: ${JSON.stringify(now)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
