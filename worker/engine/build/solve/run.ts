/**
 * RUN: one process in the machine over the layers so far, with the runtime that containers use and no container. What it wrote becomes
 * the layer; its overlay, cgroup and network are gone afterwards, whether it succeeded, failed or was cancelled.
 */
import type { ContainerId, Networks, Sandbox } from "../../domains.ts";
import { EngineError } from "../../errors.ts";
import { type Guest, GuestError, type GuestProcess, type Op } from "../../ports/guest.ts";
import {
  allCapabilities,
  type CgroupLimits,
  type ContainerDescription,
  cgroupParentOps,
  cgroupPath,
  compileSeccomp,
  containerProcess,
  defaultCapabilities,
  defaultSeccompProfile,
  type KernelPaths,
  type MountDescription,
  type TrustLayer,
} from "../../runtime/index.ts";
import { DockerfileError } from "../dockerfile/index.ts";
import type { RunStep } from "../plan/steps.ts";
import type { PreparedMount } from "./run-mounts.ts";

export interface RunResources {
  readonly extraHosts: readonly string[];
  readonly shmSize: number;
  readonly ulimits: ContainerDescription["rlimits"];
  /** The build's --network; the instruction's own counts more. */
  readonly network: string;
  readonly limits: CgroupLimits;
  readonly cgroupParent: string;
}

export interface RunEnvironment {
  readonly guest: Guest;
  readonly networks: Networks;
  readonly kernel: KernelPaths;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  /** Tell package managers where the machine's network has packages; the Dockerfile's own count more, and none gets into the image. */
  readonly packageVariables: readonly string[];
  /** Makes steps believe the certificates that the machine's network shows. */
  readonly trust?: TrustLayer | undefined;
  /** Calls back for what could not be reached while it watches. */
  readonly watchRefusals: (listener: (sentence: string) => void) => () => void;
}

export interface RunRequest {
  readonly id: ContainerId;
  readonly step: RunStep;
  /** Mount points of the layers, topmost first. */
  readonly lowers: readonly string[];
  readonly mounts: readonly PreparedMount[];
  /** Proxies of the build, which are no part of the image. */
  readonly extraEnv: readonly string[];
  readonly resources: RunResources;
  readonly output: (stream: 1 | 2, data: Uint8Array) => void;
  readonly signal: AbortSignal;
}

export const buildRoot = "/var/lib/docker/buildkit";
const filesRoot = "/run/drydock/build";
export const upperOf = (id: string): string => `${buildRoot}/run/${id}/diff`;
const hostname = "buildkitsandbox";

/** Runs the step; the overlay's upper directory stays until {@link discardRun}. */
export async function runStep(environment: RunEnvironment, request: RunRequest): Promise<void> {
  const { guest, networks, kernel } = environment;
  const { id, step, signal, resources } = request;
  signal.throwIfAborted();
  const mode = step.network !== "default" ? step.network : resources.network || "default";
  const sandbox = await networks.openSandbox({
    container: id,
    name: id,
    hostname,
    networkMode: mode === "default" ? "bridge" : mode,
    endpoints: mode === "default" ? { bridge: {} } : { [mode]: {} },
    portBindings: {},
    exposedPorts: [],
    publishAllPorts: false,
    dns: [],
    dnsSearch: [],
    dnsOptions: [],
    extraHosts: resources.extraHosts,
    links: [],
    sysctls: {},
  });
  const cgroup = cgroupPath(resources.cgroupParent, id);
  try {
    const lowers = (await environment.trust?.over(request.lowers, { whole: true })) ?? request.lowers;
    const description = describe(environment, { ...request, lowers }, sandbox);
    const process = await guest.spawn(containerProcess(description, kernel, prepare(request, sandbox)));
    const kill = (): void =>
      void guest
        .batch([
          { op: "write", path: `${cgroup}/cgroup.kill`, data: "1", create: false, ignore: ["*"] },
          { op: "kill", pid: process.pid, signal: 9, ignore: ["*"] },
        ])
        .catch(() => undefined);
    signal.addEventListener("abort", kill);
    const refused: string[] = [];
    const unwatch = environment.watchRefusals((sentence) => refused.push(sentence));
    try {
      const status = await finish(process, request.output);
      // Behind what the program itself made of it.
      if (status !== 0 && refused.length > 0)
        request.output(2, new TextEncoder().encode(refused.map((line) => `drydock: ${line}\n`).join("")));
      signal.throwIfAborted();
      if (status !== 0) throw exitError(step.args, status);
    } finally {
      unwatch();
      signal.removeEventListener("abort", kill);
    }
  } catch (error) {
    throw startError(error, request);
  } finally {
    await networks.closeSandbox(id, { untouched: !step.insecure && mode !== "host" }).catch(() => undefined);
    await cleanMounts(guest, request, cgroup);
  }
}

/** The instruction failed: what its process said and how it ended. */
export function exitError(args: readonly string[], code: number): DockerfileError {
  return new DockerfileError(
    `process ${JSON.stringify(args.join(" "))} did not complete successfully: exit code: ${code}`,
  );
}

function startError(error: unknown, { step, output }: RunRequest): unknown {
  if (!(error instanceof GuestError)) return error;
  const [program = ""] = step.args;
  const say = (text: string): DockerfileError => {
    output(2, new TextEncoder().encode(`runc run failed: unable to start container process: ${text}\n`));
    // Of runc itself, whatever kept the process from starting.
    return exitError(step.args, 1);
  };
  if (error.stage === "user")
    return new DockerfileError(
      `process ${JSON.stringify(step.args.join(" "))} did not complete successfully: unable to find user ${step.user.split(":")[0]}: no matching entries in passwd file`,
    );
  if (error.stage === "exec") {
    const missing = error.errno === "ENOENT" || error.errno === "ENOTDIR";
    if (!missing) return say(`exec: ${JSON.stringify(program)}: permission denied`);
    const why = program.includes("/")
      ? `stat ${program}: no such file or directory`
      : "executable file not found in $PATH";
    return say(`exec: ${JSON.stringify(program)}: ${why}`);
  }
  return new EngineError("system", `failed to start the step: ${error.message}`, { cause: error });
}

async function finish(process: GuestProcess, output: RunRequest["output"]): Promise<number> {
  const pump = async (source: ReadableStream<Uint8Array> | undefined, stream: 1 | 2): Promise<void> => {
    const reader = source?.getReader();
    for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read())
      output(stream, part.value);
  };
  const [status] = await Promise.all([process.exit, pump(process.stdout, 1), pump(process.stderr, 2)]);
  return status.code;
}

function prepare({ id, mounts, step, resources }: RunRequest, sandbox: Sandbox): readonly Op[] {
  const files = `${filesRoot}/${id}`;
  return [
    ...(resources.cgroupParent === "" ? [] : cgroupParentOps(resources.cgroupParent)),
    { op: "mkdir", path: upperOf(id), parents: true, mode: 0o755 },
    { op: "mkdir", path: `${buildRoot}/run/${id}/work`, parents: true, mode: 0o700 },
    { op: "mkdir", path: files, parents: true, mode: 0o710 },
    { op: "write", path: `${files}/hosts`, data: sandbox.hosts, mode: 0o644 },
    { op: "write", path: `${files}/resolv.conf`, data: sandbox.resolvConf, mode: 0o644 },
    ...(step.script === undefined
      ? []
      : [{ op: "write", path: `${files}/script`, data: step.script.content, mode: 0o755 } as const]),
    ...mounts.flatMap((mount) => mount.prepare),
  ];
}

const variableName = (variable: string): string => variable.split("=", 1)[0] ?? "";

function describe(environment: RunEnvironment, request: RunRequest, sandbox: Sandbox): ContainerDescription {
  const { id, step, lowers, mounts, resources } = request;
  const files = `${filesRoot}/${id}`;
  const capabilities = step.insecure ? allCapabilities : defaultCapabilities;
  const file = (source: string, target: string, readOnly = false): MountDescription => ({
    kind: "bind",
    source,
    target,
    readOnly,
    recursive: false,
    propagation: undefined,
    directory: false,
  });
  const given = [...step.env, ...request.extraEnv, ...mounts.flatMap((mount) => mount.env)];
  const names = new Set(given.map(variableName));
  const env = [...given, ...environment.packageVariables.filter((variable) => !names.has(variableName(variable)))];
  return {
    id,
    root: { lowers, upper: upperOf(id), work: `${buildRoot}/run/${id}/work`, volatile: true },
    readOnly: false,
    args: step.args,
    env,
    cwd: step.cwd,
    user: step.user,
    groups: [],
    terminal: undefined,
    stdin: false,
    hostname,
    domainname: "",
    privileged: step.insecure,
    writableCgroups: step.insecure,
    capabilities,
    noNewPrivileges: false,
    seccomp: step.insecure ? undefined : compileSeccomp(defaultSeccompProfile, capabilities),
    namespaces: {
      pid: "private",
      ipc: "private",
      uts: "private",
      cgroup: "private",
      network: sandbox.namespace === undefined ? "host" : { path: sandbox.namespace },
    },
    mounts: [
      file(`${files}/hosts`, "/etc/hosts"),
      file(`${files}/resolv.conf`, "/etc/resolv.conf"),
      ...mounts.flatMap((mount) => mount.mounts),
      ...(step.script === undefined ? [] : [file(`${files}/script`, step.script.path, true)]),
    ],
    shmSize: resources.shmSize || 64 << 20,
    devices: [],
    deviceRules: undefined,
    rlimits: resources.ulimits,
    sysctls: {},
    oomScoreAdj: 0,
    cgroupParent: resources.cgroupParent,
    limits: resources.limits,
    maskedPaths: step.insecure ? [] : environment.maskedPaths,
    readonlyPaths: step.insecure ? [] : environment.readonlyPaths,
  };
}

/** Mount points that were made for the step go, where it left them empty (BuildKit's mount stubs). */
async function cleanMounts(guest: Guest, { id, mounts }: RunRequest, cgroup: string): Promise<void> {
  const upper = upperOf(id);
  const stubs = mounts.flatMap((mount) => mount.stubs);
  await guest
    .batch([
      ...mounts.flatMap((mount) => mount.cleanup),
      ...stubs.map(
        ({ path, directory }): Op =>
          directory
            ? { op: "rmdir", path: `${upper}${path}`, ignore: ["*"] }
            : { op: "unlink", path: `${upper}${path}`, ignore: ["*"] },
      ),
      { op: "rmdir", path: cgroup, ignore: ["*"] },
      { op: "removeTree", path: `${filesRoot}/${id}` },
    ])
    .catch(() => undefined);
}

export async function discardRun(guest: Guest, id: string): Promise<void> {
  await guest.batch([{ op: "removeTree", path: `${buildRoot}/run/${id}`, ignore: ["*"] }]).catch(() => undefined);
}
