/** Operations of the tag Network. */
import { z } from "zod";
import type { EndpointSettings } from "../../engine/domains.ts";
import { EngineError } from "../../engine/errors.ts";
import type { NetworkCreateRequest, NetworkService } from "../../engine/networks/index.ts";
import { json, noContent } from "../respond.ts";
import type { Route, RouteContext } from "../router.ts";
import type { ApiResponse } from "../transport.ts";

export function networkRoutes(networks: NetworkService): readonly Route[] {
  const list = async ({ query }: RouteContext) => json(networks.list(query.filters()));
  return [
    { method: "GET", path: "/networks", operation: "NetworkList", handle: list },
    {
      method: "POST",
      path: "/networks/create",
      operation: "NetworkCreate",
      handle: async (context) => {
        const request = await read(context, createSchema);
        return json(await networks.create(request as NetworkCreateRequest), 201);
      },
    },
    {
      method: "POST",
      path: "/networks/prune",
      operation: "NetworkPrune",
      handle: async ({ query }) => {
        const removed = await networks.prune(query.filters());
        return json({ NetworksDeleted: removed.length === 0 ? null : removed });
      },
    },
    // moby has this one path with a slash at its end.
    { method: "GET", path: "/networks/", operation: "NetworkList", handle: list },
    {
      method: "GET",
      path: "/networks/{id}",
      operation: "NetworkInspect",
      handle: async ({ params, query }) => json(networks.inspect(params.id ?? "", query.string("scope"))),
    },
    {
      method: "DELETE",
      path: "/networks/{id}",
      operation: "NetworkDelete",
      handle: async ({ params }) => {
        await networks.remove(params.id ?? "");
        return noContent();
      },
    },
    {
      method: "POST",
      path: "/networks/{id}/connect",
      operation: "NetworkConnect",
      handle: async (context) => {
        const { Container, EndpointConfig } = await read(context, connectSchema);
        await networks.connect(context.params.id ?? "", Container, (EndpointConfig ?? {}) as EndpointSettings);
        return empty();
      },
    },
    {
      method: "POST",
      path: "/networks/{id}/disconnect",
      operation: "NetworkDisconnect",
      handle: async (context) => {
        const { Container, Force } = await read(context, disconnectSchema);
        await networks.disconnect(context.params.id ?? "", Container, Force);
        return empty();
      },
    },
  ];
}

const empty = (): ApiResponse => ({ status: 200, headers: {}, body: { kind: "empty" } });

/** Go reads null as it reads nothing. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const optionalText = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);
const strings = z.record(z.string(), z.string()).nullish();
const createSchema = z.object({
  Name: text,
  Driver: text,
  Scope: text,
  Internal: z.boolean().nullish(),
  Attachable: z.boolean().nullish(),
  Ingress: z.boolean().nullish(),
  ConfigOnly: z.boolean().nullish(),
  ConfigFrom: z.object({ Network: text }).nullish(),
  IPAM: z
    .object({
      Driver: z.string().nullish(),
      Options: strings,
      Config: z
        .array(
          z.object({
            Subnet: optionalText,
            IPRange: optionalText,
            Gateway: optionalText,
            AuxiliaryAddresses: strings,
          }),
        )
        .nullish(),
    })
    .nullish(),
  EnableIPv4: z.boolean().nullish(),
  EnableIPv6: z.boolean().nullish(),
  Options: strings,
  Labels: strings,
});
const endpointSchema = z.object({
  IPAMConfig: z
    .object({
      IPv4Address: optionalText,
      IPv6Address: optionalText,
      LinkLocalIPs: z.array(z.string()).optional(),
    })
    .nullish(),
  Links: z.array(z.string()).nullish(),
  Aliases: z.array(z.string()).nullish(),
  MacAddress: optionalText,
  DriverOpts: strings,
  GwPriority: z.number().optional(),
});
const connectSchema = z.object({ Container: text, EndpointConfig: endpointSchema.nullish() });
const disconnectSchema = z.object({
  Container: text,
  Force: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
});

async function read<T extends z.ZodType>(context: RouteContext, schema: T): Promise<z.output<T>> {
  const result = schema.safeParse((await context.json()) ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new EngineError(
    "invalidParameter",
    `invalid JSON: ${issue === undefined ? "malformed body" : `${issue.path.join(".")}: ${issue.message}`}`,
  );
}
