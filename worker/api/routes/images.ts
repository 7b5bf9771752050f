/** Operations of the tag Image, but for build. */
import type { ImageConfig } from "../../engine/domains.ts";
import { EngineError } from "../../engine/errors.ts";
import type { ContainersToCommit } from "../../engine/images/commit.ts";
import { tagReference } from "../../engine/images/create.ts";
import { decodePlatform, parsePlatform } from "../../engine/images/platform.ts";
import { errorLine, type ProgressMessage } from "../../engine/images/progress.ts";
import { isDigest, isTag, parseReference, type Reference } from "../../engine/images/reference.ts";
import type { ImageService } from "../../engine/images/service.ts";
import { decodeCredentials } from "../../engine/registry/credentials.ts";
import { byteStream, json, jsonLines } from "../respond.ts";
import { compareVersions, type Query, type Route, type RouteContext } from "../router.ts";
import type { ApiResponse } from "../transport.ts";

const tarHeaders = { "content-type": "application/x-tar" };

export function imageRoutes(images: ImageService, containers: ContainersToCommit): readonly Route[] {
  return [
    { method: "GET", path: "/images/json", operation: "ImageList", handle: async (context) => list(images, context) },
    { method: "POST", path: "/images/create", operation: "ImageCreate", handle: (context) => create(images, context) },
    { method: "GET", path: "/images/search", operation: "ImageSearch", handle: (context) => search(images, context) },
    {
      method: "POST",
      path: "/images/prune",
      operation: "ImagePrune",
      handle: async ({ query }) => json(await images.prune(query.filters())),
    },
    { method: "POST", path: "/images/load", operation: "ImageLoad", handle: async (context) => load(images, context) },
    {
      method: "GET",
      path: "/images/get",
      operation: "ImageGetAll",
      handle: async ({ query }) => byteStream(await images.save(query.all("names"), onePlatformOf(query)), tarHeaders),
    },
    {
      method: "GET",
      path: "/images/{name...}/get",
      operation: "ImageGet",
      handle: async ({ params, query }) =>
        byteStream(await images.save([nameOf(params)], onePlatformOf(query)), tarHeaders),
    },
    {
      method: "GET",
      path: "/images/{name...}/json",
      operation: "ImageInspect",
      handle: async ({ params, query, version }) =>
        json(forVersion(await images.inspect(nameOf(params), platformOf(query)), version)),
    },
    {
      method: "GET",
      path: "/images/{name...}/history",
      operation: "ImageHistory",
      handle: async ({ params, query }) => json(images.history(nameOf(params), platformOf(query))),
    },
    {
      method: "POST",
      path: "/images/{name...}/push",
      operation: "ImagePush",
      handle: async (context) => push(images, context),
    },
    { method: "POST", path: "/images/{name...}/tag", operation: "ImageTag", handle: (context) => tag(images, context) },
    {
      method: "DELETE",
      path: "/images/{name...}",
      operation: "ImageDelete",
      handle: async ({ params, query }) => {
        const options = { force: query.boolean("force"), prune: !query.boolean("noprune") };
        if (nameOf(params).trim() === "") throw new EngineError("invalidParameter", "image name cannot be blank");
        return json(await images.delete(nameOf(params), options));
      },
    },
    {
      method: "POST",
      path: "/commit",
      operation: "ImageCommit",
      handle: (context) => commit(images, containers, context),
    },
  ];
}

const nameOf = (params: Readonly<Record<string, string>>): string => params.name ?? "";

function platformOf(query: Query) {
  const text = query.string("platform");
  return text === undefined || text === "" ? undefined : decodePlatform(text);
}

function onePlatformOf(query: Query) {
  if (query.all("platform").length > 1)
    throw new EngineError("invalidParameter", "multiple platform parameters not supported");
  return platformOf(query);
}

function list(images: ImageService, { query, version }: RouteContext): ApiResponse {
  const filters = query.filters();
  // Before filters there was `filter`, a pattern of names (API below 1.41).
  const old = compareVersions(version, "1.41") < 0 ? query.string("filter") : undefined;
  const summaries = images.list({
    all: query.boolean("all"),
    filters: old === undefined || old === "" ? filters : { ...filters, reference: [...(filters.reference ?? []), old] },
    sharedSize: query.boolean("shared-size"),
    containerCount: compareVersions(version, "1.51") >= 0,
  });
  if (compareVersions(version, "1.44") >= 0) return json(summaries);
  return json(
    summaries.map((summary) => {
      const isNameless = summary.RepoTags.length === 0 && summary.RepoDigests.length === 0;
      // Below 1.43 an image without names showed "<none>" ones.
      const none = isNameless && compareVersions(version, "1.43") < 0;
      return {
        ...summary,
        ...(none ? { RepoTags: ["<none>:<none>"], RepoDigests: ["<none>@<none>"] } : {}),
        VirtualSize: summary.Size,
      };
    }),
  );
}

/** Fields that older versions of the API have in addition. */
function forVersion(inspect: Readonly<Record<string, unknown>>, version: string): Readonly<Record<string, unknown>> {
  if (compareVersions(version, "1.50") >= 0) return inspect;
  const containerFields = {
    AttachStderr: false,
    AttachStdin: false,
    AttachStdout: false,
    Domainname: "",
    Hostname: "",
    Image: "",
    OpenStdin: false,
    StdinOnce: false,
    Tty: false,
  };
  const config = { ...containerFields, ...(inspect.Config as object) };
  return {
    ...inspect,
    Config: config,
    ...(compareVersions(version, "1.44") < 0 ? { VirtualSize: inspect.Size } : {}),
    ...(compareVersions(version, "1.45") < 0 ? { Container: "", ContainerConfig: emptyContainerConfig } : {}),
  };
}

const emptyContainerConfig = {
  Hostname: "",
  Domainname: "",
  User: "",
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: null,
  Image: "",
  Volumes: null,
  WorkingDir: "",
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
};

/** Pulls with `fromImage`, imports with `fromSrc`. */
async function create(images: ImageService, context: RouteContext): Promise<ApiResponse> {
  const { query, headers, signal } = context;
  const fromImage = query.string("fromImage") ?? "";
  const platformText = query.string("platform");
  const platform = platformText === undefined || platformText === "" ? undefined : parsePlatform(platformText);
  if (fromImage !== "") {
    const reference = pullReference(fromImage, query.string("tag") ?? "");
    const credentials = decodeCredentials(headers["x-registry-auth"]);
    return await progressResponse(images.pull(reference, { platform, credentials, signal }));
  }
  const source = query.string("fromSrc") ?? "";
  const repository = query.string("repo") ?? "";
  const name = repository === "" ? undefined : withTag(repository, query.string("tag") ?? "");
  return await progressResponse(
    images.import({
      source,
      body: context.stream(),
      reference: name,
      message: query.string("message"),
      changes: query.all("changes"),
      platform,
      signal,
    }),
  );
}

/** `tag` may be a digest; it replaces the one in the name. Neither of them: all tags. */
function pullReference(image: string, tag: string): Reference {
  const reference = parseReference(image.replace(/:$/, ""));
  // A digest says all: a tag beside it is not looked at.
  if (tag === "") return reference.digest === undefined ? reference : { ...reference, tag: undefined };
  if (isDigest(tag)) return { ...reference, tag: undefined, digest: tag };
  if (!isTag(tag)) throw new EngineError("invalidParameter", "invalid tag format");
  return { ...reference, tag, digest: undefined };
}

function withTag(repository: string, tag: string): Reference {
  const reference = parseReference(repository);
  if (reference.digest !== undefined) throw new EngineError("invalidParameter", "cannot import digest reference");
  if (tag === "") return tagReference(repository);
  if (!isTag(tag)) throw new EngineError("invalidParameter", "invalid tag format");
  return { ...reference, tag };
}

async function tag(images: ImageService, { params, query }: RouteContext): Promise<ApiResponse> {
  const repository = query.string("repo") ?? "";
  // moby's handler answers without a word when there is nothing to tag.
  if (repository === "") return { status: 200, headers: {}, body: { kind: "empty" } };
  await images.tag(nameOf(params), withTag(repository, query.string("tag") ?? ""));
  return { status: 201, headers: {}, body: { kind: "empty" } };
}

function push(images: ImageService, context: RouteContext): Promise<ApiResponse> {
  const { params, query, headers, signal } = context;
  const reference = parseReference(nameOf(params));
  const tagText = query.string("tag") ?? "";
  if (tagText !== "" && !isTag(tagText)) throw new EngineError("invalidParameter", "invalid tag format");
  const credentials = decodeCredentials(headers["x-registry-auth"]);
  const wanted = tagText === "" ? reference : { ...reference, tag: tagText };
  return progressResponse(images.push(wanted, { credentials, signal }));
}

function load(images: ImageService, context: RouteContext): Promise<ApiResponse> {
  const { query, signal } = context;
  const quiet = query.boolean("quiet", true);
  const messages = images.loadArchive(context.stream(), { quiet, platform: onePlatformOf(query), signal });
  // moby has begun its answer by the time it looks into the archive: every failure is a line of the stream.
  return Promise.resolve(jsonLines(withErrorLine(messages)));
}

async function search(images: ImageService, { query, signal }: RouteContext): Promise<ApiResponse> {
  const limit = query.number("limit");
  const filters = query.filters();
  return json(
    await images.search(query.string("term") ?? "", {
      ...(limit === undefined || limit === 0 ? {} : { limit }),
      filters,
      signal,
    }),
  );
}

async function commit(
  images: ImageService,
  containers: ContainersToCommit,
  context: RouteContext,
): Promise<ApiResponse> {
  const { query } = context;
  const repository = query.string("repo") ?? "";
  const reference = repository === "" ? undefined : withTag(repository, query.string("tag") ?? "");
  const body = await context.json();
  const config = typeof body === "object" && body !== null ? (body as ImageConfig) : undefined;
  const id = await images.commit(containers.toCommit(query.string("container") ?? ""), {
    reference,
    author: query.string("author"),
    comment: query.string("comment"),
    pause: query.boolean("pause", true),
    config,
    changes: query.all("changes"),
  });
  return json({ Id: id }, 201);
}

/** A failure before the first message is an answer with a status; later ones are lines of the stream. */
async function progressResponse(messages: AsyncGenerator<ProgressMessage, void, undefined>): Promise<ApiResponse> {
  const first = await messages.next();
  return jsonLines(
    (async function* () {
      if (first.done === true) return;
      yield first.value;
      yield* messages;
    })(),
  );
}

async function* withErrorLine(messages: AsyncIterable<ProgressMessage>): AsyncGenerator<ProgressMessage, void> {
  try {
    yield* messages;
  } catch (error) {
    yield errorLine(error);
  }
}
