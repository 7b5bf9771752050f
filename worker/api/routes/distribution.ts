/** Operations of the tag Distribution. */
import type { ImageService } from "../../engine/images/service.ts";
import { decodeCredentials } from "../../engine/registry/credentials.ts";
import { json } from "../respond.ts";
import type { Route } from "../router.ts";

export function distributionRoutes(images: ImageService): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/distribution/{name...}/json",
      operation: "DistributionInspect",
      handle: async ({ params, headers, signal }) => {
        const credentials = decodeCredentials(headers["x-registry-auth"]);
        return json(await images.inspectDistribution(params.name ?? "", { credentials, signal }));
      },
    },
  ];
}
