/** What a build was made of, as the in-toto statement's predicate that BuildKit records (https://slsa.dev/provenance/v0.2). */
import type { WholeRecord } from "./record.ts";

export const provenanceType = "https://slsa.dev/provenance/v0.2";
export const configType = "application/vnd.docker.container.image.v1+json";

export function provenance(
  record: Pick<
    WholeRecord,
    | "materials"
    | "dockerfile"
    | "context"
    | "buildArgs"
    | "labels"
    | "target"
    | "noCache"
    | "created"
    | "completed"
    | "ref"
  >,
) {
  const { materials, dockerfile, buildArgs, labels, target, noCache, created, completed, ref, context } = record;
  const isRemote = /^(https?:|git)/.test(context);
  const args = {
    ...Object.fromEntries(Object.entries(buildArgs).map(([name, value]) => [`build-arg:${name}`, value])),
    ...Object.fromEntries(Object.entries(labels).map(([name, value]) => [`label:${name}`, value])),
    ...(target === undefined ? {} : { target }),
    ...(noCache ? { "no-cache": "" } : {}),
  };
  return {
    builder: { id: "" },
    buildType: "https://mobyproject.org/buildkit@v1",
    materials: materials.map(({ uri, digest }) => ({
      uri,
      digest: digest.startsWith("sha256:") ? { sha256: digest.slice("sha256:".length) } : { sha1: digest },
    })),
    invocation: {
      configSource: isRemote ? { uri: context, entryPoint: dockerfile } : { entryPoint: dockerfile },
      parameters: {
        frontend: "dockerfile.v0",
        ...(Object.keys(args).length === 0 ? {} : { args }),
        ...(isRemote ? {} : { locals: [{ name: "context" }, { name: "dockerfile" }] }),
      },
      environment: { platform: "linux/386" },
    },
    metadata: {
      buildInvocationID: ref,
      buildStartedOn: created,
      ...(completed === undefined ? {} : { buildFinishedOn: completed }),
      completeness: { parameters: true, environment: true, materials: false },
      reproducible: false,
    },
  };
}
