/**
 * Drydock's own operations of builds, which its CLI and the page use: options first, then the context, answered with BuildKit's status
 * records; the records of past builds; manifests in registries.
 */
import type { BuildRecord, BuildRequest, BuildService } from "../../engine/build/index.ts";
import { EngineError } from "../../engine/errors.ts";
import { byteStream, json, jsonLines, noContent } from "../respond.ts";
import type { Route } from "../router.ts";

/** Options of builds whose context is still to come. */
const maxWaiting = 100;

export function drydockBuildRoutes(builds: BuildService): readonly Route[] {
  const waiting = new Map<string, BuildRequest>();
  return [
    {
      method: "POST",
      path: "/drydock/builds",
      operation: "DrydockBuildCreate",
      handle: async (context) => {
        const request = readRequest(await context.json());
        const id = crypto.randomUUID();
        waiting.set(id, request);
        const [oldest] = waiting.keys();
        if (waiting.size > maxWaiting && oldest !== undefined) waiting.delete(oldest);
        return json({ Id: id }, 201);
      },
    },
    {
      method: "POST",
      path: "/drydock/builds/{id}/run",
      operation: "DrydockBuildRun",
      handle: async ({ params, stream, signal }) => {
        const { id = "" } = params;
        const request = waiting.get(id);
        if (request === undefined) throw new EngineError("notFound", `No such build: ${id}`);
        waiting.delete(id);
        return jsonLines(builds.build(request, stream(), signal));
      },
    },
    {
      method: "GET",
      path: "/drydock/builds",
      operation: "DrydockBuildList",
      handle: async () => json(builds.history.list().map(summaryOf)),
    },
    {
      method: "GET",
      path: "/drydock/builds/{ref}",
      operation: "DrydockBuildInspect",
      handle: async ({ params }) => {
        const record = builds.history.find(params.ref ?? "");
        if (record === undefined)
          throw new EngineError("notFound", `no record found for ref ${JSON.stringify(params.ref)}`);
        return json(record);
      },
    },
    {
      method: "DELETE",
      path: "/drydock/builds/{ref}",
      operation: "DrydockBuildDelete",
      handle: async ({ params }) => {
        if (!(await builds.history.remove(params.ref ?? "")))
          throw new EngineError("notFound", `no record found for ref ${JSON.stringify(params.ref)}`);
        return noContent();
      },
    },
    {
      method: "GET",
      path: "/drydock/builds/{ref}/cache",
      operation: "DrydockBuildCache",
      handle: async ({ params, query }) =>
        byteStream(await builds.exportedCache(params.ref ?? "", query.string("tag") ?? "latest"), {
          "content-type": "application/x-tar",
        }),
    },
    {
      method: "POST",
      path: "/drydock/manifests/inspect",
      operation: "DrydockManifestInspect",
      handle: async ({ json: body, signal }) => {
        const { name, configs, credentials } = manifestLook(await body());
        return json(await builds.inspectManifest(name, { configs, credentials, signal }));
      },
    },
    {
      method: "POST",
      path: "/drydock/manifests/create",
      operation: "DrydockManifestCreate",
      handle: async ({ json: body, signal }) =>
        json(await builds.createIndex({ ...manifestCreate(await body()), signal })),
    },
    {
      method: "GET",
      path: "/drydock/builds/{ref}/files",
      operation: "DrydockBuildFiles",
      handle: async ({ params }) =>
        byteStream(await builds.output(params.ref ?? ""), { "content-type": "application/x-tar" }),
    },
  ];
}

/** Without what makes records long. */
const summaryOf = ({ vertexes, statuses, logs, warnings, steps, ...rest }: BuildRecord) => ({
  ...rest,
  completedSteps: vertexes.filter(({ completed }) => completed !== undefined).length,
  totalSteps: vertexes.length,
  cachedSteps: vertexes.filter(({ cached }) => cached === true).length,
  warnings: warnings.length,
});

/** The CLI is trusted with the shape's details, a stranger is not: kinds are checked here. */
function readRequest(value: unknown): BuildRequest {
  if (typeof value !== "object" || value === null) throw new EngineError("invalidParameter", "invalid build request");
  const request = value as Record<string, unknown>;
  const check = (keys: readonly string[], fits: (field: unknown) => boolean): void => {
    for (const key of keys)
      if (request[key] !== undefined && !fits(request[key]))
        throw new EngineError("invalidParameter", `invalid build request: ${key}`);
  };
  const isRecord = (field: unknown): boolean => typeof field === "object" && field !== null && !Array.isArray(field);
  const isTexts = (field: unknown): boolean => Array.isArray(field) && field.every((item) => typeof item === "string");
  check(
    [
      "dockerfile",
      "dockerfileName",
      "target",
      "platform",
      "network",
      "contextPrefix",
      "call",
      "remote",
      "cgroupParent",
    ],
    (f) => typeof f === "string",
  );
  check(
    ["buildArgs", "labels", "secrets"],
    (f) => isRecord(f) && Object.values(f as object).every((v) => typeof v === "string"),
  );
  check(["contexts", "source", "limits", "credentials"], isRecord);
  check(["tags", "noCacheFilter", "extraHosts", "ignored", "outputs"], isTexts);
  check(["ulimits", "cacheFrom", "cacheTo"], Array.isArray);
  check(["shmSize"], (f) => typeof f === "number");
  check(["ref"], (f) => typeof f === "string" && /^[a-z0-9]{25}$/.test(f));
  if (typeof request.dockerfileName !== "string")
    throw new EngineError("invalidParameter", "invalid build request: dockerfileName");
  return value as BuildRequest;
}

type ManifestLook = Parameters<BuildService["inspectManifest"]>[1];
function manifestLook(value: unknown): Pick<ManifestLook, "credentials" | "configs"> & { readonly name: string } {
  const body = recordOf(value);
  if (typeof body.name !== "string") throw new EngineError("invalidParameter", "invalid manifest request: name");
  return {
    name: body.name,
    configs: body.configs === true,
    credentials: recordOf(body.credentials ?? {}) as ManifestLook["credentials"],
  };
}

type ManifestCreate = Parameters<BuildService["createIndex"]>[0];
function manifestCreate(value: unknown): Omit<ManifestCreate, "signal"> {
  const body = recordOf(value);
  const texts = (name: string): readonly string[] => {
    const list = body[name] ?? [];
    if (!Array.isArray(list) || !list.every((item) => typeof item === "string"))
      throw new EngineError("invalidParameter", `invalid manifest request: ${name}`);
    return list;
  };
  return {
    sources: texts("sources"),
    tags: texts("tags"),
    platforms: texts("platforms"),
    annotations: recordOf(body.annotations ?? {}) as Readonly<Record<string, string>>,
    preferIndex: body.preferIndex !== false,
    credentials: recordOf(body.credentials ?? {}) as NonNullable<ManifestCreate["credentials"]>,
  };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new EngineError("invalidParameter", "invalid request: an object is required");
}
