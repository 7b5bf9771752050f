/** `RUN --mount`: what has to be prepared in the machine, mounted in the step's process, and taken away again. */
import type { Guest, Op } from "../../ports/guest.ts";
import { relay, serveEach } from "../../relay.ts";
import type { MountDescription } from "../../runtime/index.ts";
import { cleanPath, DockerfileError } from "../dockerfile/index.ts";
import type { RunMount } from "../dockerfile/mount.ts";
import type { RootView } from "../files/root-view.ts";
import type { SshAgent } from "../model.ts";
import type { CacheMounts } from "./cache-mounts.ts";

export interface PreparedMount {
  readonly prepare: readonly Op[];
  readonly mounts: readonly MountDescription[];
  readonly cleanup: readonly Op[];
  readonly env: readonly string[];
  /** Ends what serves the mount, after the step. */
  readonly close?: () => Promise<void> | void;
  /** Paths in the image that exist for the mount's sake only, deepest first. */
  readonly stubs: readonly { readonly path: string; readonly directory: boolean }[];
}

export interface MountSources {
  /** Files of a stage, an image or a context: its mount points, topmost first, and its view. */
  layers(from: string): Promise<{ readonly lowers: readonly string[]; readonly view: RootView; readonly name: string }>;
  secret(id: string): Uint8Array | undefined;
  ssh(id: string): SshAgent | undefined;
  readonly guest: Pick<Guest, "batch" | "connect" | "listen">;
  /** The image under construction. */
  readonly root: RootView;
  readonly cacheMounts: CacheMounts;
  readonly signal: AbortSignal;
  /** Unique to the step. */
  readonly id: string;
  readonly isSecretDefaultRequired?: boolean;
}

const scratch = "/run/drydock/build";
const nothing: PreparedMount = { prepare: [], mounts: [], cleanup: [], env: [], stubs: [] };

export async function prepareMount(mount: RunMount, index: number, sources: MountSources): Promise<PreparedMount> {
  switch (mount.type) {
    case "bind":
      return await bindMount(mount, index, sources);
    case "cache":
      return await cacheMount(mount, index, sources);
    case "tmpfs":
      return {
        ...nothing,
        mounts: [
          {
            kind: "tmpfs",
            target: mount.target,
            options: `mode=1777,exec${mount.size === undefined || mount.size === 0 ? "" : `,size=${mount.size}`}`,
          },
        ],
        stubs: stubsOf(mount.target, true, sources.root),
      };
    case "secret":
      return secretMount(mount, index, sources);
    case "ssh":
      return await sshMount(mount, index, sources);
  }
}

function bind(source: string, target: string, readOnly: boolean, directory: boolean): MountDescription {
  return { kind: "bind", source, target, readOnly, recursive: false, propagation: undefined, directory };
}

async function bindMount(mount: RunMount, index: number, sources: MountSources): Promise<PreparedMount> {
  const { lowers, view } = await sources.layers(mount.from);
  const found = view.find(mount.source === "" ? "/" : mount.source);
  if (found === undefined)
    throw new DockerfileError(
      `failed to compute cache key: failed to calculate checksum of ref ${sources.id}: ${JSON.stringify(`/${mount.source.replace(/^\/+/, "")}`)}: not found`,
    );
  const directory = found.node.type === "directory";
  const stubs = stubsOf(mount.target, directory, sources.root);
  const [only] = lowers;
  if (lowers.length === 1 && only !== undefined && mount.readOnly)
    return { ...nothing, mounts: [bind(`${only}${found.path}`, mount.target, true, directory)], stubs };
  // Several layers show as one directory; what is written into it is thrown away.
  const base = `${scratch}/${sources.id}/mount${index}`;
  const { merged, prepare, cleanup } = overlay(base, base, lowers);
  const source = found.path === "/" ? merged : `${merged}${found.path}`;
  return {
    ...nothing,
    prepare,
    mounts: [bind(source, mount.target, mount.readOnly, directory)],
    cleanup,
    stubs,
  };
}

/** Layers as one directory in `base`; what is written into it stays in `kept`. */
function overlay(base: string, kept: string, lowers: readonly string[]) {
  const merged = `${base}/merged`;
  const prepare: readonly Op[] = [
    ...[merged, `${kept}/upper`, `${kept}/work`].map((path): Op => ({ op: "mkdir", path, parents: true })),
    {
      op: "mount",
      source: "overlay",
      target: merged,
      type: "overlay",
      data: `lowerdir=${lowers.join(":")},upperdir=${kept}/upper,workdir=${kept}/work`,
    },
  ];
  const cleanup: readonly Op[] = [{ op: "umount", path: merged, detach: true, ignore: ["*"] }];
  return { merged, prepare, cleanup };
}

async function cacheMount(mount: RunMount, index: number, sources: MountSources): Promise<PreparedMount> {
  const { cacheMounts, signal, root } = sources;
  const start = mount.from === "" ? undefined : await sources.layers(mount.from);
  const { directory, close } = await cacheMounts.open(mount, start?.name, signal);
  const stubs = stubsOf(mount.target, true, root);
  if (start !== undefined) {
    const { merged, prepare, cleanup } = overlay(`${scratch}/${sources.id}/mount${index}`, directory, start.lowers);
    const source = joinSource(merged, mount.source);
    return { ...nothing, prepare, mounts: [bind(source, mount.target, mount.readOnly, true)], cleanup, stubs, close };
  }
  const source = joinSource(directory, mount.source);
  const { mode = 0o755, uid = 0, gid = 0 } = mount;
  return {
    ...nothing,
    prepare: [
      { op: "mkdir", path: source, parents: true, mode },
      { op: "chmod", path: source, mode },
      { op: "chown", path: source, uid, gid },
    ],
    mounts: [bind(source, mount.target, mount.readOnly, true)],
    stubs,
    close,
  };
}

const joinSource = (directory: string, source: string): string => cleanPath(`${directory}/${cleanPath(`/${source}`)}`);

function secretMount(mount: RunMount, index: number, sources: MountSources): PreparedMount {
  const id = mount.id || mount.source || mount.target.slice(mount.target.lastIndexOf("/") + 1);
  const value = sources.secret(id);
  if (value === undefined) {
    if (mount.required) throw new DockerfileError(`secret ${id}: not found`);
    return nothing;
  }
  const env = mount.env === undefined ? [] : [`${mount.env || id}=${new TextDecoder().decode(value)}`];
  if (mount.env !== undefined && mount.target === "") return { ...nothing, env };
  const target = mount.target || `/run/secrets/${id}`;
  const file = `${scratch}/${sources.id}/secret${index}`;
  const { mode = 0o400, uid = 0, gid = 0 } = mount;
  return {
    ...nothing,
    prepare: [
      { op: "mkdir", path: `${scratch}/${sources.id}`, parents: true, mode: 0o710 },
      { op: "write", path: file, data: value, mode, uid, gid },
    ],
    mounts: [bind(file, target, true, false)],
    env,
    stubs: stubsOf(target, false, sources.root),
  };
}

/** BuildKit's own socket for the step, of the mode and owner that the mount names; what comes on it goes to the agent. */
async function sshMount(mount: RunMount, index: number, sources: MountSources): Promise<PreparedMount> {
  const { guest, id } = sources;
  const agent = sources.ssh(mount.id || "default");
  if (agent === undefined) {
    if (mount.required) throw new DockerfileError(`unset ssh forward key ${mount.id || "default"}`);
    return nothing;
  }
  const target = mount.target || `/run/buildkit/ssh_agent.${index}`;
  const path = `${scratch}/${id}/ssh${index}`;
  const { mode = 0o600, uid = 0, gid = 0 } = mount;
  await guest.batch([{ op: "mkdir", path: `${scratch}/${id}`, parents: true, mode: 0o710 }]);
  const listener = await guest.listen({ kind: "unix", path }, { mode, uid, gid });
  if ("socket" in agent) void relay(listener.connections, () => guest.connect({ kind: "unix", path: agent.socket }));
  else {
    const { readPrivateKey, serveAgent } = await import("../../../ssh/index.ts");
    const keys = await Promise.all(agent.keys.map(readPrivateKey));
    void serveEach(listener.connections, (connection) => serveAgent(keys, connection));
  }
  return {
    ...nothing,
    mounts: [bind(path, target, false, false)],
    env: [`SSH_AUTH_SOCK=${target}`],
    stubs: stubsOf(target, false, sources.root),
    close: () => listener.close(),
  };
}

/** Of the target and the directories above it, those that the image lacks. */
function stubsOf(target: string, directory: boolean, root: RootView): PreparedMount["stubs"] {
  const stubs: { path: string; directory: boolean }[] = [];
  for (let path = root.resolve(target), leaf = true; path !== "" && path !== "/"; leaf = false) {
    if (root.find(path) !== undefined) break;
    stubs.push({ path, directory: leaf ? directory : true });
    path = path.slice(0, path.lastIndexOf("/"));
  }
  return stubs;
}
