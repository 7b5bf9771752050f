/** Questions about one container. The first requirement that does not hold is what the learner reads. */
import type { SimpleCheck } from "../format/index.ts";
import { enumeration, type Observation, observed, passed, waiting } from "./observation.ts";
import { sameReference } from "./reference.ts";
import { untilSteady } from "./steady.ts";
import type { ContainerFacts, LessonView } from "./view.ts";

export type ContainerCheck = Extract<SimpleCheck, { kind: "container" }>;

export async function checkContainer(check: ContainerCheck, view: LessonView): Promise<Observation> {
  const found = (await view.containers()).filter((each) => selects(check, each));
  if (found.length === 0) return waiting(`There is no ${wanted(check)} yet.`);
  let best: { readonly held: number; readonly text: string } | undefined;
  let young: Observation | undefined;
  for (const each of found) {
    const { held, text } = firstProblem(check, each);
    if (text === undefined) {
      const missing = check.state === "running" ? untilSteady(each, view.now) : 0;
      if (missing === 0) return passed;
      young = waiting(`${nameOf(each)} has just started. Does it stay?`, missing);
      continue;
    }
    // Of several, the one that comes closest is worth telling about.
    if (best === undefined || held > best.held) best = { held, text };
  }
  return young ?? observed(best?.text ?? "");
}

export const nameOf = (facts: ContainerFacts): string => facts.Name.replace(/^\//, "");

function selects(check: ContainerCheck, facts: ContainerFacts): boolean {
  if (check.name !== undefined) return nameOf(facts) === check.name;
  if (check.image !== undefined && !sameReference(facts.Config.Image, check.image)) return false;
  return check.label === undefined || hasLabel(facts.Config.Labels, check.label);
}

export function hasLabel(labels: Readonly<Record<string, string>> | null | undefined, wantedLabel: string): boolean {
  const [key = "", ...value] = wantedLabel.split("=");
  if (labels?.[key] === undefined) return false;
  return value.length === 0 || labels[key] === value.join("=");
}

function wanted(check: ContainerCheck): string {
  if (check.name !== undefined) return `container named ${check.name}`;
  if (check.image !== undefined) return `container from the image ${check.image}`;
  return check.label === undefined ? "container" : `container with the label ${check.label}`;
}

function firstProblem(check: ContainerCheck, facts: ContainerFacts): { held: number; text: string | undefined } {
  let held = 0;
  for (const question of questions) {
    const text = question(check, facts);
    if (text !== undefined) return { held, text };
    held += 1;
  }
  return { held, text: undefined };
}

const state = (facts: ContainerFacts): string => {
  if (facts.State.Status === "running") return "runs";
  if (facts.State.Status === "exited") return `has ended with exit code ${facts.State.ExitCode}`;
  return `is ${facts.State.Status}`;
};

/** Each answers what was seen instead, or `undefined` when it holds or was not asked. */
const questions: readonly ((check: ContainerCheck, facts: ContainerFacts) => string | undefined)[] = [
  ({ name, image }, facts) =>
    name === undefined || image === undefined || sameReference(facts.Config.Image, image)
      ? undefined
      : `${nameOf(facts)} was made from ${facts.Config.Image}, not from ${image}.`,
  (check, facts) =>
    check.state === undefined || check.state === facts.State.Status ? undefined : `${nameOf(facts)} ${state(facts)}.`,
  ({ exitCode }, facts) =>
    exitCode === undefined || (facts.State.Status === "exited" && facts.State.ExitCode === exitCode)
      ? undefined
      : `${nameOf(facts)} ${state(facts)}.`,
  ({ oomKilled }, facts) =>
    oomKilled === undefined || oomKilled === facts.State.OOMKilled
      ? undefined
      : `${nameOf(facts)} ${oomKilled ? "was not ended by the kernel for its memory" : "was ended by the kernel for its memory"}.`,
  ({ health }, facts) => {
    if (health === undefined) return undefined;
    const now = facts.State.Health?.Status ?? "none";
    if (now === health) return undefined;
    return now === "none" ? `${nameOf(facts)} has no health check.` : `${nameOf(facts)} is ${now}.`;
  },
  ({ publishes }, facts) => (publishes === undefined ? undefined : portProblem(publishes, facts)),
  ({ env }, facts) => {
    const missing = Object.entries(env ?? {}).find(
      ([key, value]) => !(facts.Config.Env ?? []).includes(`${key}=${value}`),
    );
    if (missing === undefined) return undefined;
    const [key] = missing;
    const now = (facts.Config.Env ?? []).find((each) => each.startsWith(`${key}=`));
    return now === undefined ? `${nameOf(facts)} has no variable ${key}.` : `In ${nameOf(facts)} it says ${now}.`;
  },
  ({ mounts }, facts) => {
    for (const mount of mounts ?? []) {
      const problem = mountProblem(mount, facts);
      if (problem !== undefined) return problem;
    }
    return undefined;
  },
  ({ networks }, facts) => {
    const missing = networks?.find((each) => facts.NetworkSettings.Networks[each] === undefined);
    if (missing === undefined) return undefined;
    const now = Object.keys(facts.NetworkSettings.Networks);
    return now.length === 0
      ? `${nameOf(facts)} is on no network.`
      : `${nameOf(facts)} is on ${enumeration(now)}, not on ${missing}.`;
  },
  ({ alias }, facts) =>
    alias === undefined ||
    Object.values(facts.NetworkSettings.Networks).some((each) => each.Aliases?.includes(alias) === true)
      ? undefined
      : `${nameOf(facts)} is not called ${alias} on any of its networks.`,
  ({ networkMode }, facts) =>
    networkMode === undefined || facts.HostConfig.NetworkMode === networkMode
      ? undefined
      : `${nameOf(facts)} was started with the network ${facts.HostConfig.NetworkMode}, not ${networkMode}.`,
  ({ restart }, facts) => {
    const now = facts.HostConfig.RestartPolicy.Name === "" ? "no" : facts.HostConfig.RestartPolicy.Name;
    return restart === undefined || now === restart ? undefined : `The restart policy of ${nameOf(facts)} is "${now}".`;
  },
  ({ restarts }, facts) =>
    restarts === undefined || facts.RestartCount >= restarts
      ? undefined
      : `${nameOf(facts)} was restarted ${facts.RestartCount} times so far.`,
  ({ user }, facts) =>
    user === undefined || facts.Config.User === user
      ? undefined
      : `${nameOf(facts)} runs as ${facts.Config.User === "" ? "its image's own user" : facts.Config.User}, not as ${user}.`,
  ({ workingDir }, facts) =>
    workingDir === undefined || facts.Config.WorkingDir === workingDir
      ? undefined
      : `${nameOf(facts)} starts in ${facts.Config.WorkingDir === "" ? "/" : facts.Config.WorkingDir}.`,
  ({ hostname }, facts) =>
    hostname === undefined || facts.Config.Hostname === hostname
      ? undefined
      : `${nameOf(facts)} has the host name ${facts.Config.Hostname}.`,
  ({ init }, facts) =>
    init === undefined || init === (facts.HostConfig.Init === true)
      ? undefined
      : `${nameOf(facts)} was started ${init ? "without" : "with"} --init.`,
  ({ tty }, facts) =>
    tty === undefined || tty === facts.Config.Tty
      ? undefined
      : `${nameOf(facts)} has ${tty ? "no terminal" : "a terminal"}.`,
  ({ command }, facts) => {
    const now = [...(facts.Config.Entrypoint ?? []), ...(facts.Config.Cmd ?? [])].join(" ");
    return command === undefined || now.includes(command) ? undefined : `${nameOf(facts)} runs "${now}".`;
  },
  ({ memory }, facts) => {
    if (memory === undefined || facts.HostConfig.Memory === memory) return undefined;
    return facts.HostConfig.Memory === 0
      ? `${nameOf(facts)} has no limit on its memory.`
      : `${nameOf(facts)} may use ${Math.round(facts.HostConfig.Memory / 1048576)} MiB.`;
  },
  ({ pids }, facts) => {
    if (pids === undefined || facts.HostConfig.PidsLimit === pids) return undefined;
    return (facts.HostConfig.PidsLimit ?? 0) > 0
      ? `${nameOf(facts)} may have ${facts.HostConfig.PidsLimit} processes.`
      : `${nameOf(facts)} has no limit on its processes.`;
  },
  ({ readOnly }, facts) =>
    readOnly === undefined || readOnly === facts.HostConfig.ReadonlyRootfs
      ? undefined
      : `The root file system of ${nameOf(facts)} is ${readOnly ? "writable" : "read-only"}.`,
  ({ privileged }, facts) =>
    privileged === undefined || privileged === facts.HostConfig.Privileged
      ? undefined
      : `${nameOf(facts)} is ${privileged ? "not privileged" : "privileged"}.`,
  ({ dropped }, facts) => {
    const plain = (capability: string): string => capability.toUpperCase().replace(/^CAP_/, "");
    const now = (facts.HostConfig.CapDrop ?? []).map(plain);
    return dropped === undefined || now.includes(plain(dropped)) || now.includes("ALL")
      ? undefined
      : `${nameOf(facts)} still has the capability ${plain(dropped)}.`;
  },
];

function portProblem(wantedPort: NonNullable<ContainerCheck["publishes"]>, facts: ContainerFacts): string | undefined {
  const name = nameOf(facts);
  if (facts.State.Status !== "running") return `${name} ${state(facts)}.`;
  const published = Object.entries(facts.NetworkSettings.Ports ?? {}).flatMap(([inside, places]) =>
    (places ?? []).map((place) => ({ inside: Number.parseInt(inside, 10), ...place })),
  );
  if (published.length === 0) return `${name} runs, but publishes no port.`;
  const right = published.filter(({ inside }) => inside === wantedPort.container);
  if (right.length === 0)
    return `${name} publishes port ${enumeration([...new Set(published.map(({ inside }) => String(inside)))])} of the container, not ${wantedPort.container}.`;
  if (wantedPort.host !== undefined && !right.some(({ HostPort }) => Number(HostPort) === wantedPort.host))
    return `${name} is published on port ${right[0]?.HostPort} of the machine, not ${wantedPort.host}.`;
  if (wantedPort.address !== undefined && !right.every(({ HostIp }) => HostIp === wantedPort.address))
    return `${name} is published on the address ${right.find(({ HostIp }) => HostIp !== wantedPort.address)?.HostIp}, not on ${wantedPort.address} alone.`;
  return undefined;
}

function mountProblem(mount: NonNullable<ContainerCheck["mounts"]>[number], facts: ContainerFacts): string | undefined {
  const name = nameOf(facts);
  const at = facts.Mounts.find(({ Destination }) => Destination === mount.target);
  const tmpfs = facts.HostConfig.Tmpfs?.[mount.target] !== undefined;
  if (at === undefined && !tmpfs) {
    const others = facts.Mounts.map(({ Destination }) => Destination);
    return others.length === 0
      ? `${name} has nothing mounted.`
      : `${name} has something mounted at ${enumeration(others)}, not at ${mount.target}.`;
  }
  const type = tmpfs ? "tmpfs" : at?.Type;
  if (mount.type !== undefined && mount.type !== type) return `At ${mount.target} ${name} has a mount of type ${type}.`;
  const source = at?.Type === "volume" ? at.Name : at?.Source;
  if (mount.source !== undefined && mount.source !== source)
    return `At ${mount.target} ${name} has ${source ?? "nothing"}, not ${mount.source}.`;
  if (mount.readOnly !== undefined && at !== undefined && mount.readOnly === at.RW)
    return `${name} ${at.RW ? "can" : "cannot"} write to ${mount.target}.`;
  return undefined;
}
