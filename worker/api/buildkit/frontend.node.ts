/** The dockerfile.v0 frontend's options, and the files of a session, as a request of the engine (BuildKit's frontend/dockerui). */
import { readIgnoreFile } from "../../engine/build/dockerfile/ignore.ts";
import { parseReference } from "../../engine/images/reference.ts";
import { type TarInput, writeTar } from "../../engine/tar-writer.ts";
import { receiveFiles, receiveText } from "./filesync.node.ts";
import { code, RpcError } from "./grpc.node.ts";
import type { ControlSolveRequest, Typed } from "./messages.node.ts";
import type { Session } from "./session.node.ts";

export interface Frontend {
  readonly request: Readonly<Record<string, unknown>>;
  readonly context: ReadableStream<Uint8Array>;
}

type Options = Readonly<Record<string, string>>;

const withPrefix = (options: Options, prefix: string): Options =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  );
const list = (text: string | undefined): readonly string[] => (text ?? "").split(",").filter((item) => item !== "");

export async function openFrontend(
  options: Options,
  solve: ControlSolveRequest,
  session: Session,
  signal: AbortSignal,
): Promise<Frontend> {
  const remote = options.context;
  const isUpload = remote?.startsWith("http://buildkit-session/") === true;
  const isRemote = remote !== undefined && /^(https?|git|ssh):\/\/|^git@/.test(remote);
  const name = options.filename ?? "Dockerfile";
  const dockerfile =
    isRemote && options.dockerfilekey === undefined
      ? undefined
      : await receiveText(session, [name, `${name}.dockerignore`], {
          directory: options.dockerfilekey ?? "dockerfile",
          signal,
        });
  // The engine says that there is none, as of a step.
  const isMissing = !isRemote && dockerfile?.name !== name;
  const ignored = isRemote ? undefined : await ignoreFile(options, name, session, signal);
  const contexts = await contextsOf(withPrefix(options, "context:"), session, signal);
  async function* members(): AsyncGenerator<TarInput> {
    if (!isRemote && !isMissing)
      yield* receiveFiles(session, "context/", {
        directory: options.contextkey ?? "context",
        follow: [],
        exclude: ignored ?? [],
        signal,
      });
    for (const [prefix, { directory, ignored: exclude = [] }] of contexts.local)
      yield* receiveFiles(session, prefix, { directory, follow: [], exclude, signal });
  }
  return {
    request: {
      ...(/^[a-z0-9]{25}$/.test(solve.Ref) ? { ref: solve.Ref } : {}),
      ...(dockerfile === undefined || isMissing ? {} : { dockerfile: dockerfile.text }),
      dockerfileName: name,
      ...(isUpload ? {} : isRemote ? { remote } : isMissing ? {} : { contextPrefix: "context/" }),
      ...(ignored === undefined ? {} : { ignored }),
      ...callOf(options),
      target: options.target ?? "",
      buildArgs: withPrefix(options, "build-arg:"),
      labels: withPrefix(options, "label:"),
      noCache: options["no-cache"] === "",
      noCacheFilter: list(options["no-cache"]),
      pull: options["image-resolve-mode"] === "pull",
      ...(options.platform === undefined ? {} : { platform: hostPlatform(options.platform) }),
      network: options["force-network-mode"] ?? "",
      extraHosts: list(options["add-hosts"]).map((entry) => entry.replace("=", ":")),
      shmSize: Number(options["shm-size"] ?? 0),
      ulimits: list(options.ulimit).map(ulimitOf),
      ...(options["cgroup-parent"] === undefined ? {} : { cgroupParent: options["cgroup-parent"] }),
      allow: solve.Entitlements,
      secrets: await secretsOf(dockerfile?.text ?? "", session),
      credentials: await credentialsOf(dockerfile?.text ?? "", session),
      contexts: contexts.named,
      cacheFrom: (solve.Cache?.Imports ?? []).flatMap(cacheSource),
      cacheTo: (solve.Cache?.Exports ?? []).flatMap(cacheTarget),
      ...outputsOf(solve),
      source: { context: isUpload ? "-" : isRemote ? remote : "context", dockerfile: name },
    },
    context: isUpload ? session.upload(remote) : writeTar(members()),
  };
}

/** Images for this machine are what there is; a client's own platform, which it names unasked, is no wish. */
const hostPlatform = (platform: string): string => (/^linux\/(386|i386)/.test(platform) ? platform : "linux/386");

async function ignoreFile(
  options: Options,
  name: string,
  session: Session,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const own = await receiveText(session, [`${name}.dockerignore`], {
    directory: options.dockerfilekey ?? "dockerfile",
    signal,
  });
  if (own !== undefined) return readIgnoreFile(own.text);
  return await ignoreFileIn(options.contextkey ?? "context", session, signal);
}

async function ignoreFileIn(
  directory: string,
  session: Session,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const found = await receiveText(session, [".dockerignore"], { directory, signal });
  return found === undefined ? undefined : readIgnoreFile(found.text);
}

async function contextsOf(given: Options, session: Session, signal: AbortSignal) {
  const local = new Map<string, { readonly directory: string; readonly ignored: readonly string[] | undefined }>();
  const named: Record<string, object> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value.startsWith("docker-image://")) named[name] = { image: value.slice("docker-image://".length) };
    else if (value.startsWith("local:")) {
      const prefix = `contexts/${local.size}/`;
      const directory = value.slice("local:".length);
      const ignored = await ignoreFileIn(directory, session, signal);
      local.set(prefix, { directory, ignored });
      named[name] = { prefix, ...(ignored === undefined ? {} : { ignored }) };
    } else if (/^(https?|git|ssh):\/\/|^git@/.test(value)) named[name] = { remote: value };
    else throw new RpcError(code.unimplemented, `build context ${name}: ${value} is not supported here`);
  }
  return { local, named };
}

function callOf({ requestid = "" }: Options): { readonly call?: string } {
  const known: Options = {
    "frontend.lint": "check",
    "frontend.outline": "outline",
    "frontend.targets": "targets",
  };
  if (requestid === "") return {};
  if (known[requestid] === undefined) throw new RpcError(code.unimplemented, `unsupported request ${requestid}`);
  return { call: known[requestid] };
}

function ulimitOf(text: string): object {
  const [type, limits = ""] = text.split("=");
  const [soft = "", hard = soft] = limits.split(":");
  return { type, soft: Number(soft), hard: Number(hard) };
}

/** A session answers for a secret that is named, and does not say which there are. */
async function secretsOf(dockerfile: string, session: Session): Promise<Readonly<Record<string, string>>> {
  const ids = new Set<string>();
  for (const [mount] of dockerfile.matchAll(/--mount=\S*type=secret\S*/g)) {
    const id = /[=,]id=([^,\s]+)/.exec(mount)?.[1] ?? /(?:target|dst|destination)=([^,\s]+)/.exec(mount)?.[1];
    if (id !== undefined) ids.add(id.slice(id.lastIndexOf("/") + 1));
  }
  const secrets: Record<string, string> = {};
  for (const id of ids) {
    const value = await session.secret(id);
    if (value !== undefined) secrets[id] = Buffer.from(value).toString("base64");
  }
  return secrets;
}

async function credentialsOf(dockerfile: string, session: Session): Promise<Readonly<Record<string, object>>> {
  const credentials: Record<string, object> = {};
  for (const [, image = ""] of dockerfile.matchAll(/^\s*FROM\s+(?:--\S+\s+)*(\S+)/gim)) {
    try {
      const { domain } = parseReference(image);
      credentials[domain] ??= (await session.credentials(domain)) ?? {};
    } catch {
      // A name with variables, or none at all: the build says what is wrong with it.
    }
  }
  return credentials;
}

const cacheSource = ({ Type, Attrs }: Typed): readonly object[] =>
  Type === "registry" && Attrs.ref !== undefined ? [{ type: "registry", ref: Attrs.ref }] : [];
const cacheTarget = ({ Type, Attrs }: Typed): readonly object[] =>
  Type === "inline"
    ? [{ type: "inline" }]
    : Type === "registry" && Attrs.ref !== undefined
      ? [{ type: "registry", ref: Attrs.ref, mode: Attrs.mode ?? "min" }]
      : [];

/** "moby" is what the docker driver calls the engine's own image store. */
export const exportersOf = ({
  Exporters,
  ExporterDeprecated,
  ExporterAttrsDeprecated,
}: ControlSolveRequest): readonly Typed[] =>
  Exporters.length > 0
    ? Exporters
    : ExporterDeprecated === ""
      ? []
      : [{ Type: ExporterDeprecated, Attrs: ExporterAttrsDeprecated }];

const imageTypes = ["moby", "image", "docker"];

function outputsOf(solve: ControlSolveRequest): {
  readonly outputs: readonly string[];
  readonly tags: readonly string[];
} {
  const outputs = new Set<string>();
  const tags: string[] = [];
  for (const { Type, Attrs } of exportersOf(solve)) {
    if (imageTypes.includes(Type)) {
      outputs.add("image");
      tags.push(...list(Attrs.name).map((name) => name.replace(/^docker\.io\/(library\/)?/, "")));
    } else if (Type === "local" || Type === "tar") outputs.add("files");
    else throw new RpcError(code.unknown, `exporter ${JSON.stringify(Type)} could not be found`);
  }
  return { outputs: [...outputs], tags };
}
