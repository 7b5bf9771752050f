/** From what a build was asked for to the engine's build request. */
import { cleanPath } from "../../engine/build/dockerfile/ignore.ts";
import { parseCsv } from "../../go/csv.ts";
import { allAuth } from "../config/auth.ts";
import { resolvePath } from "../config/config-file.ts";
import { parseUlimit } from "../flags/values.ts";
import type { CliInvocation } from "../invocation.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import { agentsOf } from "./agents.ts";
import { type CacheTarget, cacheSources, cacheTargets } from "./caches.ts";
import type { Folder } from "./context.ts";
import { contextsOf } from "./contexts.ts";
import { failed, unsupported } from "./failed.ts";
import type { BuildOptions } from "./options.ts";
import { archiveOf, keptOutputs, type OutputTarget, outputsOf } from "./outputs.ts";

export interface RequestParts {
  readonly request: Readonly<Record<string, unknown>>;
  /** Folders of further contexts and of caches, by their place in the tar. */
  readonly folders: ReadonlyMap<string, Folder>;
  readonly outputs: readonly OutputTarget[];
  readonly cacheTo: readonly CacheTarget[];
}

export async function requestOf(options: BuildOptions, context: Context): Promise<RequestParts> {
  const { invocation } = context;
  refuse(options);
  const { contexts, folders } = await contextsOf(options.contexts, invocation);
  const caches = cacheSources(options.cacheFrom);
  const present = await existing(caches.folders, context);
  const outputs = outputsOf(options);
  const named = outputs.flatMap((output) => (output.kind === "image" ? output.names : []));
  const tags = [...options.tags, ...named];
  for (const tag of tags) checkTag(tag);
  const cacheTo = cacheTargets(options.cacheTo);
  const credentials = await allAuth(context).catch(() => []);
  return {
    request: {
      target: options.target,
      buildArgs: variables(options.buildArgs, invocation.env),
      labels: Object.fromEntries(options.labels.map(pairOf)),
      tags,
      noCache: options.noCache,
      noCacheFilter: options.noCacheFilter,
      pull: options.pull,
      ...(options.platforms[0] === undefined ? {} : { platform: options.platforms[0] }),
      network: options.network,
      extraHosts: options.addHosts.map(hostOf),
      shmSize: options.shmSize,
      ulimits: options.ulimits.map(ulimitOf),
      secrets: await secretsOf(options.secrets, invocation),
      allow: [...options.allow, ...(options.network === "host" ? ["network.host"] : [])],
      ssh: await agentsOf(options.ssh, invocation),
      contexts,
      cacheFrom: caches.sources.filter((source) => source.type !== "local" || present.has(source.prefix)),
      cacheTo: cacheTo.map((target) => (target.type === "local" ? { ...target, path: undefined } : target)),
      outputs: keptOutputs(outputs),
      ...(archiveOf(outputs) === undefined ? {} : { archive: archiveOf(outputs) }),
      call: options.call.method,
      limits: options.limits,
      ...(options.cgroupParent === "" ? {} : { cgroupParent: options.cgroupParent }),
      credentials: Object.fromEntries(credentials.map((auth) => [domainOf(auth.serveraddress), auth])),
      source: sourceOf(options, invocation.cwd),
    },
    folders: new Map([...folders, ...present]),
    outputs,
    cacheTo,
  };
}

/** How the record of the build names it: a folder by its own name. */
const sourceOf = ({ context, file }: BuildOptions, cwd: string) => ({
  context,
  dockerfile: file || "Dockerfile",
  name: context === "-" || /^(https?|git|ssh):|^git@/.test(context) ? context : cleanPath(resolvePath(cwd, context)),
});

/** What this builder, as the docker driver's, has not. */
function refuse({ platforms, attests, annotations, allow, call }: BuildOptions): void {
  for (const platform of platforms)
    if (!/^[\w-]+(\([^)]*\))?(\/[\w-]+){0,2}$/.test(platform))
      throw failed(`${JSON.stringify(platform)}: cannot parse platform specifier: invalid argument`);
  for (const text of annotations) checkAnnotation(text);
  if (platforms.length > 1) throw unsupported("Multi-platform build", "multi");
  if (attests.length > 0) throw unsupported("Attestation", "attestations");
  for (const name of allow)
    if (!/^(network\.host|security\.insecure|device(=.*)?)$/.test(name)) throw failed(`unknown entitlement ${name}`);
  if (!["build", "check", "outline", "targets"].includes(call.method))
    throw failed(
      `failed to solve: unsupported request frontend.${call.method}: unsupported request frontend.${call.method}`,
    );
}

/**
 * The docker driver's image store keeps no annotations: they are read, checked and left (buildx, util/buildflags). Those of an index have nowhere
 * to be where there is one platform.
 */
function checkAnnotation(text: string): void {
  const [key = "", value] = splitOnce(text, "=");
  const types = /^([a-z,[\]/-]+):/.exec(key)?.[1];
  if (value === undefined)
    throw failed(`parse annotations: invalid annotation ${JSON.stringify(text)}, expected key=value`);
  for (const type of (types ?? "").split(",")) {
    const name = type.replace(/\[.*\]$/, "");
    if (name === "index" || name === "index-descriptor")
      throw failed("index annotations not supported for single platform export");
    if (name !== "" && name !== "manifest" && name !== "manifest-descriptor")
      throw failed(`parse annotations: unknown annotation type ${JSON.stringify(name)}`);
  }
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** A local cache that is not there yet is no reason to stop. */
async function existing(
  folders: ReadonlyMap<string, string>,
  { invocation, err }: Context,
): Promise<Map<string, Folder>> {
  const found = new Map<string, Folder>();
  for (const [prefix, folder] of folders) {
    const path = resolvePath(invocation.cwd, folder);
    if ((await invocation.files.stat(`${path}/index.json`)) !== undefined) found.set(prefix, { path: folder });
    else
      err.line(
        `WARNING: local cache import at ${folder} not found due to err: could not lock ${folder}/index.json.lock: open ${folder}/index.json.lock: no such file or directory`,
      );
  }
  return found;
}

function variables(given: readonly string[], env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const buildArgs = Object.fromEntries(
    given.flatMap((text) => {
      const equals = text.indexOf("=");
      if (equals >= 0) return [[text.slice(0, equals), text.slice(equals + 1)]];
      const value = env[text];
      return value === undefined ? [] : [[text, value]];
    }),
  );
  const epoch = env.SOURCE_DATE_EPOCH;
  return epoch === undefined ? buildArgs : { SOURCE_DATE_EPOCH: epoch, ...buildArgs };
}

function pairOf(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals === 0) throw new CliError(`ERROR: invalid key-value pair ${JSON.stringify(text)}: empty key`);
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}

function hostOf(text: string): string {
  const at = /[:=]/.exec(text)?.index ?? -1;
  if (at <= 0 || at === text.length - 1) throw failed(`invalid host ${text}`);
  return `${text.slice(0, at)}:${text.slice(at + 1).replace(/^\[(.*)\]$/, "$1")}`;
}

function checkTag(tag: string): void {
  const [name = ""] = tag.split(":");
  if (name !== name.toLowerCase() && !/[.:]/.test(name.split("/")[0] ?? ""))
    throw failed(`invalid tag ${JSON.stringify(tag)}: repository name must be lowercase`);
  if (!/^([\w.-]+(:\d+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[\w][\w.-]{0,127})?$/.test(tag))
    throw failed(`invalid tag ${JSON.stringify(tag)}: invalid reference format`);
}

/** Docker Hub's credentials are kept under an address of old. */
const domainOf = (server: string): string =>
  server.includes("index.docker.io") ? "docker.io" : server.replace(/^https?:\/\//, "").replace(/\/.*$/, "");

function ulimitOf(text: string): { readonly type: string; readonly soft: number; readonly hard: number } {
  const { Name, Soft, Hard } = parseUlimit(text);
  return { type: Name, soft: Soft, hard: Hard };
}

/** Base64 by id: of a file, or of a variable. */
async function secretsOf(
  given: readonly string[],
  { files, cwd, env }: CliInvocation,
): Promise<Record<string, string>> {
  const secrets: Record<string, string> = {};
  for (const text of given) {
    for (const field of parseCsv(text))
      if (!field.includes("=")) throw new CliError(`invalid field '${field}' must be a key=value pair`);
    const fields: Readonly<Record<string, string>> = Object.fromEntries(
      parseCsv(text).map((field) => [field.split("=", 1)[0]?.toLowerCase() ?? "", field.slice(field.indexOf("=") + 1)]),
    );
    const { id = "", type } = fields;
    const source = fields.src ?? fields.source;
    const variable = fields.env ?? (type === "env" ? (source ?? id) : undefined);
    if (id === "") throw failed(`invalid secret: ${text}: id is missing`);
    let bytes: Uint8Array | undefined;
    if (variable !== undefined)
      bytes = env[variable] === undefined ? undefined : new TextEncoder().encode(env[variable]);
    else if (source !== undefined || type === "file" || env[id] === undefined) {
      const path = resolvePath(cwd, source ?? id);
      if ((await files.stat(path, { follow: true })) === undefined)
        throw failed(`failed to stat ${path}: stat ${path}: no such file or directory`);
      bytes = await files.read(path);
    } else bytes = new TextEncoder().encode(env[id]);
    if (bytes !== undefined) secrets[id] = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  }
  return secrets;
}
