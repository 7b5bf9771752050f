/**
 * Containers whose work notices when their machine was not put back exactly: copies with checksums in memory and in a volume, process
 * starts through a pipe, clocks, an echo over a network by name. Each kind counts its rounds in /rounds; what goes wrong is written to
 * /rounds/bad. Besides, images are built and run between the interruptions.
 */
import { pause, type Ran, type Soaked } from "./soaked.ts";

const LOOPS: Readonly<Record<string, string>> = {
  memory: `i=0; while :; do cp a c; sha256sum < c > c.sum; cmp -s sum c.sum && i=$((i+1)) || echo memory $i >> bad; echo $i > memory; sleep 0.1; done`,
  volume: `i=0; while :; do cp a /data/d$((i%4)); sync; echo 1 > /proc/sys/vm/drop_caches; sha256sum < /data/d$((i%4)) > d.sum
    cmp -s sum d.sum && i=$((i+1)) || echo volume $i >> bad; echo $i > volume; sleep 0.2; done`,
  starts: `(while :; do /bin/true; echo x; sleep 0.1; done) | (i=0; while read x; do i=$((i+1)); echo $i > starts; done)`,
  clocks: `i=0; wall=0; up=0; while :; do now=$(date +%s); since=$(cut -d. -f1 /proc/uptime)
    [ $now -ge $wall ] && [ $since -ge $up ] || echo clocks $wall $now $up $since >> bad; wall=$now; up=$since; i=$((i+1)); echo $i > clocks; sleep 0.2; done`,
  // A name that is asked for at the very instant has no answer, and is asked again.
  network: `i=0; while :; do x=$(echo token$i | nc -w 30 echo 7007 2>/dev/null); [ "$x" = token$i ] && i=$((i+1)) || [ "$x" = "" ] || echo network $i "$x" >> bad
    echo $i > network; sleep 0.2; done`,
};

export type Counts = Readonly<Record<string, number>>;

async function done(soaked: Soaked, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr }: Ran = await soaked.docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

export async function startContainers(soaked: Soaked): Promise<void> {
  const loops = Object.values(LOOPS).map((loop) => `(${loop}) &`);
  const script = [
    "cd /rounds; dd if=/dev/urandom of=a bs=64k count=1 2>/dev/null; sha256sum < a > sum",
    ...loops,
    "wait",
  ];
  await done(soaked, "network", "create", "soak");
  await done(
    soaked,
    "run",
    "-d",
    "--name",
    "echo",
    "--network",
    "soak",
    "busybox",
    "nc",
    "-ll",
    "-p",
    "7007",
    "-e",
    "cat",
  );
  await done(
    soaked,
    ...["run", "-d", "--name", "work", "--privileged", "--network", "soak", "-v", "soak:/data", "-w", "/rounds"],
    ...["busybox", "sh", "-c", script.join("\n")],
  );
}

/** Rounds of each kind so far. Throws when one of them noticed something. */
export async function countWork(soaked: Soaked): Promise<Counts> {
  const names = Object.keys(LOOPS);
  // A count is written anew each time: only a whole line is one.
  const read = names.map((name) => `x=0; [ ! -e ${name} ] || until read x < ${name}; do :; done; echo $x`).join("; ");
  const lines = (
    await done(soaked, "exec", "-w", "/rounds", "work", "sh", "-c", `${read}; cat bad 2>/dev/null; true`)
  ).split("\n");
  if (lines.length > names.length) throw new Error(`The work noticed: ${lines.slice(names.length).join("; ")}`);
  return Object.fromEntries(names.map((name, index) => [name, Number(lines[index])]));
}

/** Waits until every kind of work has gone on beyond `before`. */
export async function workGoesOn(soaked: Soaked, before: Counts, timeout = 180_000): Promise<void> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const now = await countWork(soaked);
    const stuck = Object.keys(before).filter((name) => (now[name] ?? 0) <= (before[name] ?? 0));
    if (stuck.length === 0) return;
    if (Date.now() > deadline) throw new Error(`Nothing more from ${stuck.join(", ")}: ${JSON.stringify(now)}`);
    await pause(100);
  }
}

/** Builds an image and runs it. */
export async function build(soaked: Soaked, round: number): Promise<void> {
  await soaked.write(
    "soak/Dockerfile",
    `FROM busybox\nCOPY note /note\nRUN cp /note /copy && echo ${round} >> /copy\n`,
  );
  await soaked.write("soak/note", `note ${round}\n`);
  await done(soaked, "build", "-q", "-t", "soak", "/home/learner/site/soak");
  const said = await done(soaked, "run", "--rm", "soak", "cat", "/copy");
  if (said !== `note ${round}\n${round}`) throw new Error(`The image of round ${round} says ${JSON.stringify(said)}`);
}
