/** Operations of the tag Volume. */
import { EngineError } from "../../engine/errors.ts";
import { notManager } from "../../engine/swarm/index.ts";
import type { VolumeCreateRequest, VolumeService } from "../../engine/volumes/index.ts";
import { json, noContent } from "../respond.ts";
import { compareVersions, type Route, type RouteContext } from "../router.ts";

export function volumeRoutes(volumes: VolumeService): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/volumes",
      operation: "VolumeList",
      handle: async ({ query }) => json({ Volumes: volumes.list(query.filters()), Warnings: null }),
    },
    {
      method: "POST",
      path: "/volumes/create",
      operation: "VolumeCreate",
      handle: async (context) => json(await volumes.create(await createRequest(context)), 201),
    },
    {
      method: "POST",
      path: "/volumes/prune",
      operation: "VolumePrune",
      // Before 1.42 a prune took named volumes too.
      handle: async ({ query, version }) =>
        json(await volumes.prune(query.filters(), compareVersions(version, "1.42") < 0)),
    },
    {
      method: "GET",
      path: "/volumes/{name}",
      operation: "VolumeInspect",
      handle: async ({ params }) => json(volumes.inspect(params.name ?? "")),
    },
    {
      method: "PUT",
      path: "/volumes/{name}",
      operation: "VolumeUpdate",
      handle: async () => {
        throw new EngineError("unavailable", "volume update only valid for cluster volumes, but swarm is unavailable");
      },
    },
    {
      method: "DELETE",
      path: "/volumes/{name}",
      operation: "VolumeDelete",
      handle: async ({ params, query }) => {
        await volumes.remove(params.name ?? "", { force: query.boolean("force") });
        return noContent();
      },
    },
  ];
}

async function createRequest(context: RouteContext): Promise<VolumeCreateRequest> {
  const body = (await context.json()) ?? {};
  if (typeof body !== "object" || Array.isArray(body))
    throw new EngineError("invalidParameter", "invalid JSON: cannot unmarshal into volume.CreateOptions");
  const fields = body as Record<string, unknown>;
  if (fields.ClusterVolumeSpec != null) throw new EngineError("unavailable", notManager);
  return {
    Name: text(fields, "Name"),
    Driver: text(fields, "Driver"),
    DriverOpts: texts(fields, "DriverOpts"),
    Labels: texts(fields, "Labels"),
  };
}

function text(fields: Record<string, unknown>, name: string): string {
  const value = fields[name] ?? "";
  if (typeof value !== "string") throw wrongType(name, "string");
  return value;
}

function texts(fields: Record<string, unknown>, name: string): Readonly<Record<string, string>> | null {
  const value = fields[name] ?? null;
  if (value === null) return null;
  if (typeof value !== "object" || Array.isArray(value) || Object.values(value).some((v) => typeof v !== "string"))
    throw wrongType(name, "map[string]string");
  return value as Readonly<Record<string, string>>;
}

const wrongType = (field: string, type: string): EngineError =>
  new EngineError(
    "invalidParameter",
    `invalid JSON: json: cannot unmarshal into Go struct field CreateOptions.${field} of type ${type}`,
  );
