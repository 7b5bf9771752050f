/** `docker buildx imagetools`: manifests in registries, through the engine. */
import { allAuth } from "../../config/auth.ts";
import { resolvePath } from "../../config/config-file.ts";
import { formatRows } from "../../format/formatter.ts";
import type { Context, Handler } from "../../session/context.ts";
import { ApiError, CliError } from "../../session/errors.ts";
import { goMap, Methods } from "../../template/value.ts";
import { displayFor } from "../display.ts";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Inspected {
  readonly name: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly raw: string;
  readonly manifests: readonly Descriptor[];
  readonly images: Readonly<Record<string, object>>;
}

/** Docker Hub's credentials are kept under an address of old. */
const domainOf = (server: string): string =>
  server.includes("index.docker.io") ? "docker.io" : server.replace(/^https?:\/\//, "").replace(/\/.*$/, "");

async function credentialsOf(context: Context): Promise<Readonly<Record<string, object>>> {
  const all = await allAuth(context).catch(() => []);
  return Object.fromEntries(all.map((auth) => [domainOf(auth.serveraddress), auth]));
}

async function look(context: Context, name: string, configs: boolean): Promise<Inspected> {
  try {
    return await context.client.post<Inspected>("/drydock/manifests/inspect", {
      name,
      configs,
      credentials: await credentialsOf(context),
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const isMissing = error.status === 404;
    throw new CliError(isMissing ? `${name.includes(":") ? name : `${name}:latest`}: not found` : error.detail);
  }
}

export const inspect: Handler = async (context) => {
  const { args, flags, out } = context;
  const [name = ""] = args;
  const format = flags.string("format");
  if (flags.bool("raw") && format !== "") throw new CliError("format and raw cannot be used together");
  const inspected = await look(context, name, format !== "");
  if (flags.bool("raw")) out.print(inspected.raw);
  else if (format === "") out.print(described(inspected));
  else out.print(formatted(inspected, name, format));
  return 0;
};

function described({ name, mediaType, digest, manifests }: Inspected): string {
  const head = `Name:      ${name}\nMediaType: ${mediaType}\nDigest:    ${digest}\n`;
  if (manifests.length === 0) return head;
  const repository = name.replace(/(:[^/:]+)?(@.*)?$/, (_, tag: string | undefined) => tag ?? "");
  const parts = manifests.map((manifest) =>
    [
      `  Name:      ${repository}@${manifest.digest}`,
      `  MediaType: ${manifest.mediaType}`,
      ...(manifest.platform === undefined ? [] : [`  Platform:  ${platformText(manifest.platform)}`]),
      ...annotations(manifest),
    ].join("\n"),
  );
  return `${head}           \nManifests: \n${parts.join("\n             \n")}\n`;
}
const platformText = ({ os, architecture, variant }: NonNullable<Descriptor["platform"]>): string =>
  [os, architecture, ...(variant ? [variant] : [])].join("/");
const annotations = ({ annotations: given }: Descriptor): readonly string[] =>
  given === undefined
    ? []
    : ["  Annotations: ", ...Object.entries(given).map(([name, value]) => `    ${name}: ${value}`)];

/** Data with the names of its JSON form; `{{json .Image}}` is the one image's, or all by platform. */
function formatted(inspected: Inspected, name: string, format: string): string {
  const { mediaType, digest, size, manifests, images } = inspected;
  const manifest = {
    schemaVersion: 2,
    mediaType,
    digest,
    size,
    ...(manifests.length === 0 ? {} : { manifests }),
  };
  const list = Object.values(images);
  const image = list.length === 1 ? list[0] : images;
  const whole = { name, manifest, image };
  if (/^\{\{\s*json \.\s*\}\}$/.test(format)) return `${JSON.stringify(whole, undefined, 2)}\n`;
  const json = /^\{\{\s*json \.(Manifest|Image|Name|Provenance|SBOM)\s*\}\}$/.exec(format)?.[1];
  if (json !== undefined) {
    const value = { Manifest: manifest, Image: image, Name: name, Provenance: {}, SBOM: {} }[json];
    return `${JSON.stringify(value, undefined, 2)}\n`;
  }
  const capital = {
    MediaType: mediaType,
    Digest: digest,
    Size: size,
    SchemaVersion: 2,
    Manifests: manifests.map((one) => ({
      MediaType: one.mediaType,
      Digest: one.digest,
      Size: one.size,
      Platform: one.platform && { Architecture: one.platform.architecture, OS: one.platform.os },
    })),
  };
  const row = new Methods("imagetools.tplInput", {
    Name: () => name,
    Manifest: () => capital,
    Image: () => goMap(image as Readonly<Record<string, unknown>>),
    Provenance: () => goMap({}),
    SBOM: () => goMap({}),
  });
  return formatRows(format, {}, [row]).replace(/\n$/, "");
}

export const create: Handler = async (context) => {
  const { args, flags, client, out } = context;
  const isDry = flags.bool("dry-run");
  const tags = flags.list("tag");
  const sources = [...(await sourcesOfFiles(context)), ...args];
  if (flags.bool("append")) {
    if (tags.length === 0) throw new CliError("can't use append with no tags specified, please set --tag");
    sources.unshift(tags[0] ?? "");
  }
  if (sources.length === 0) throw new CliError("no sources specified");
  if (tags.length === 0 && !isDry)
    throw new CliError("can't push with no tags specified, please set --tag or --dry-run");
  const annotated = Object.fromEntries(
    flags.list("annotation").map((text) => {
      const [key = "", value = ""] = text.replace(/^(index|manifest-descriptor)(\[[^\]]*\])?:/, "").split(/=(.*)/s);
      if (key === "" || !text.includes("="))
        throw new CliError(`invalid annotation ${JSON.stringify(text)}, expected key=value`);
      return [key, value];
    }),
  );
  const answer = await client
    .post<{ readonly raw: string; readonly digest: string; readonly log: readonly string[] }>(
      "/drydock/manifests/create",
      {
        sources,
        tags: isDry ? [] : tags,
        platforms: flags.list("platform").flatMap((text) => text.split(",")),
        annotations: annotated,
        preferIndex: flags.boolOr("prefer-index", true),
        credentials: await credentialsOf(context),
      },
    )
    .catch((error: unknown) => {
      throw error instanceof ApiError ? new CliError(error.detail) : error;
    });
  if (isDry) out.line(answer.raw);
  else await showPush(context, tags, answer.log);
  return 0;
};

/** Files name sources, or hold a descriptor with a digest that belongs to the first argument's repository. */
async function sourcesOfFiles({ flags, invocation }: Context): Promise<readonly string[]> {
  const sources: string[] = [];
  for (const name of flags.list("file")) {
    const path = resolvePath(invocation.cwd, name);
    const text = new TextDecoder().decode(await invocation.files.read(path)).trim();
    if (!text.startsWith("{")) sources.push(text);
    else {
      const { digest = "", name: repository = "" } = JSON.parse(text) as { digest?: string; name?: string };
      if (repository === "") throw new CliError(`${name}: a descriptor without a name: write NAME@${digest} instead`);
      sources.push(`${repository}@${digest}`);
    }
  }
  return sources;
}

async function showPush(context: Context, tags: readonly string[], log: readonly string[]): Promise<void> {
  const display = await displayFor(context, context.flags.string("progress") || "auto", { headless: true });
  const now = new Date(context.now()).toISOString();
  const vertex = { digest: "push", name: `[internal] pushing ${tags.join(", ")}`, started: now };
  await display.message({ vertexes: [vertex] });
  await display.message({
    logs: log.map((line) => ({ vertex: "push", data: btoa(`${line}\n`), timestamp: now })),
  });
  await display.message({ vertexes: [{ ...vertex, completed: now }] });
  await display.end(undefined);
}
