/** What a build is made from: images by name, contexts of the client, and contexts at an address. Each is opened once. */
import type { Image } from "../../domains.ts";
import { EngineError } from "../../errors.ts";
import { machinePlatform } from "../../images/platform.ts";
import { canonicalString, parseReference, repositoryName, withDefaultTag } from "../../images/reference.ts";
import type { Digest } from "../../ports/storage.ts";
import { writeTar } from "../../tar-writer.ts";
import { DockerfileError } from "../dockerfile/index.ts";
import { type Layer, RootView } from "../files/root-view.ts";
import type { BuildRequest, Material, NamedContext } from "../model.ts";
import { platformText } from "../plan/graph.ts";
import type { CopyStep } from "../plan/steps.ts";
import type { BuildDependencies } from "../service.ts";
import { emptyLayer } from "./context-files.ts";
import { type CopyRequest, copyLayer, selectSources } from "./copy.ts";
import type { BuildProgress, Vertex } from "./progress.ts";

export interface SourceOptions {
  readonly request: BuildRequest;
  /** A folder of the context's tar as a layer. */
  readonly context: (prefix: string) => Layer;
  readonly contextSize: number;
  /** The context at an address. */
  readonly remote: (address: string) => Promise<Layer>;
  /** Tells of the ignore file as of a step, once: when the base images have been found, or the context is wanted. */
  readonly showIgnoreFile: () => Promise<void>;
  readonly progress: BuildProgress;
  readonly signal: AbortSignal;
}

export class Sources {
  readonly #d: BuildDependencies;
  readonly #o: SourceOptions;
  readonly #images = new Map<string, Promise<Image>>();
  readonly #contexts = new Map<string, Promise<Layer>>();
  readonly materials: Material[] = [];
  readonly #present = new Set<string>();
  /** Images whose step has been told of. */
  readonly #shown = new Set<string>();

  readonly #titleOf: (name: string, image: Image) => string;

  /** `titleOf`: the name of the step that an image is shown as. */
  constructor(
    dependencies: BuildDependencies,
    options: SourceOptions,
    titleOf: (name: string, image: Image) => string,
  ) {
    this.#d = dependencies;
    this.#o = options;
    this.#titleOf = titleOf;
  }

  /** What `--build-context` gave that name. */
  named(name: string): NamedContext | undefined {
    const { contexts = {} } = this.#o.request;
    return name === "" ? undefined : (contexts[name] ?? contexts[longName(name)]);
  }

  /** Package URL of an image (purl-spec, type docker). */
  used(name: string, { id, os, architecture }: Image): void {
    const reference = parseReference(name);
    const known =
      reference.domain === "docker.io" ? reference.path.replace(/^library\//, "") : repositoryName(reference);
    const version = reference.digest ?? withDefaultTag(reference).tag ?? "latest";
    const uri = `pkg:docker/${known}@${version}?platform=${encodeURIComponent(`${os}/${architecture}`)}`;
    if (!this.materials.some((material) => material.uri === uri)) this.materials.push({ uri, digest: id });
  }

  /** The image of that name: the one that is here, or pulled. */
  image(given: string, platform: string): Promise<Image> {
    const named = this.named(given);
    const name = named !== undefined && "image" in named ? named.image : given;
    const key = `${name} ${platform}`;
    let image = this.#images.get(key);
    if (image === undefined) {
      const vertex = this.#o.progress.vertex(`[internal] load metadata for ${longName(name)}`);
      image = vertex.run(() => this.#loadImage(name, platform, vertex));
      image.catch(() => undefined);
      this.#images.set(key, image);
    }
    return image;
  }

  /** The image of that name, where it is here already. */
  async local(given: string, platform: string): Promise<Image | undefined> {
    const { request } = this.#o;
    const named = this.named(given);
    const name = named !== undefined && "image" in named ? named.image : given;
    const wanted = platform || (request.platform ?? "");
    const [os = "", architecture = ""] = wanted.split("/");
    const found = request.pull === true ? undefined : await this.#d.images.resolve(name).catch(() => undefined);
    const fits =
      wanted === "" ||
      (found?.os === os && (architecture === "" || found.architecture === normalArchitecture(architecture)));
    return fits ? found : undefined;
  }

  async #loadImage(name: string, platform: string, vertex: Vertex): Promise<Image> {
    const { request, signal } = this.#o;
    const local = await this.local(name, platform);
    if (local !== undefined) {
      this.#present.add(local.id);
      return local;
    }
    const wanted = platform || (request.platform ?? "");
    const [os = "", architecture = ""] = wanted.split("/");
    try {
      const reference = withDefaultTag(parseReference(name));
      const credentials = request.credentials?.[reference.domain];
      const messages = this.#d.images.pull(reference, {
        signal,
        ...(credentials === undefined ? {} : { credentials }),
        ...(wanted === "" || wanted === platformText(machinePlatform)
          ? {}
          : { platform: { os, architecture: normalArchitecture(architecture) } }),
      });
      for await (const { error, id, status } of messages) {
        if (error !== undefined) throw new EngineError("notFound", error);
        if (status !== undefined && /^WARNING|substitut/i.test(status))
          vertex.log(2, new TextEncoder().encode(`${id === undefined ? "" : `${id}: `}${status}\n`));
      }
      return await this.#d.images.resolve(name);
    } catch (error) {
      const why = resolverWords(longName(name), (error as Error).message);
      throw new DockerfileError(`${name}: failed to resolve source metadata for ${longName(name)}: ${why}`);
    }
  }

  /** The image as a source of COPY or of a mount. */
  async copied(given: string): Promise<Image> {
    const image = await this.image(given, "");
    this.show(given, image);
    return image;
  }

  /** Tells of an image as of a step, once. */
  show(given: string, image: Image): void {
    const name = longName(given);
    if (this.#shown.has(name)) return;
    this.#shown.add(name);
    const vertex = this.#o.progress.vertex(this.#titleOf(name, image));
    if (this.#present.has(image.id)) vertex.cached();
    else vertex.start().done();
  }

  /** "" is the build's own. */
  context(name: string): Promise<Layer> {
    let layer = this.#contexts.get(name);
    if (layer === undefined) {
      const vertex = this.#o.progress.vertex(
        name === "" ? "[internal] load build context" : `[context ${name}] load from client`,
      );
      const named = this.named(name);
      const prefix = named !== undefined && "prefix" in named ? named.prefix : (this.#o.request.contextPrefix ?? "");
      layer = this.#o.showIgnoreFile().then(() =>
        vertex.run(() =>
          vertex.part(
            name === "" ? "transferring context:" : `transferring ${name}:`,
            async () =>
              named !== undefined && "remote" in named ? await this.#o.remote(named.remote) : this.#o.context(prefix),
            () => this.#o.contextSize,
          ),
        ),
      );
      this.#contexts.set(name, layer);
    }
    return layer;
  }

  /** The context's files as a layer of an image. */
  async contextLayer(name: string): Promise<Digest> {
    return await layerOf(this.#d, new RootView([await this.context(name)]));
  }
}

/** What the engine's pull says of a name, in the words of containerd's resolver, which BuildKit asks. */
function resolverWords(name: string, message: string): string {
  if (message.startsWith("pull access denied for "))
    return "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed";
  if (/^(manifest|repository) \S+( for \S+)? not found: /.test(message)) return `${name}: not found`;
  // What there is instead is worth a word more.
  return message.replace(
    /^no matching manifest for \S+ in the manifest list entries/,
    "no match for platform in manifest: not found",
  );
}

/** A copy of everything, as it is. */
export const wholeOf: CopyStep = {
  kind: "copy",
  add: false,
  from: "",
  sources: ["/"],
  inline: [],
  destination: "/",
  chown: "",
  chmod: "",
  link: false,
  parents: false,
  exclude: [],
  checksum: "",
  keepGitDir: false,
  unpack: false,
};

/** All files of a view as one layer. */
export async function layerOf({ layers }: BuildDependencies, view: RootView): Promise<Digest> {
  const copy: CopyRequest = {
    step: wholeOf,
    source: view,
    sourceId: "",
    destination: new RootView([emptyLayer()]),
    stage: new RootView([emptyLayer()]),
    loose: [],
  };
  const { diffId } = await layers.addTar(writeTar(await copyLayer(copy, await selectSources(copy), 0)));
  return diffId;
}

export const longName = (name: string): string => {
  try {
    return canonicalString(withDefaultTag(parseReference(name)));
  } catch {
    return name;
  }
};

const architectures: Readonly<Record<string, string>> = { i386: "386", x86_64: "amd64", aarch64: "arm64" };
const normalArchitecture = (name: string): string => architectures[name] ?? name;
