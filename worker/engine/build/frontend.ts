/**
 * The frontend that a Dockerfile names. BuildKit pulls it as an image and runs it; this builder is a docker/dockerfile frontend of the first
 * major version itself, takes the name of one for its own, and says so when it is asked for another.
 */
import { parseReference, repositoryName, withDefaultTag } from "../images/reference.ts";
import { DockerfileError } from "./dockerfile/index.ts";
import { firstWord, type Syntax } from "./dockerfile/syntax.ts";
import type { BuildProgress } from "./solve/progress.ts";
import { longName } from "./solve/sources.ts";
import { StepError } from "./solve/step-error.ts";

const own: ReadonlySet<string> = new Set(["docker.io/docker/dockerfile", "docker.io/docker/dockerfile-upstream"]);
const ownTag = /^(latest|labs|master(-labs)?|1(\.\d+){0,2}(-\w+)?)$/;

/** Of the argument BUILDKIT_SYNTAX, which counts more than the file's own line and is looked at before the file is read. */
export function givenSyntax(buildArgs: Readonly<Record<string, string>> = {}): Pick<Syntax, "image"> | undefined {
  const image = firstWord(buildArgs.BUILDKIT_SYNTAX ?? "");
  return image === "" ? undefined : { image };
}

export async function resolveFrontend(
  { image, range }: Pick<Syntax, "image"> & Partial<Syntax>,
  progress: BuildProgress,
): Promise<void> {
  const title = `resolve image config for docker-image://${longName(image)}`;
  const vertex = progress.vertex(title);
  try {
    await vertex.run(async () => checkFrontend(image));
  } catch (error) {
    throw new StepError(error, title, range, []);
  }
}

function checkFrontend(image: string): void {
  const reference = withDefaultTag(parseReference(image));
  const name = longName(image);
  if (!own.has(repositoryName(reference)))
    throw new DockerfileError(
      `frontend ${name} cannot run here: this builder reads Dockerfiles as docker/dockerfile:1 does, and runs no frontends from images`,
    );
  if (reference.digest === undefined && !ownTag.test(reference.tag ?? ""))
    throw new DockerfileError(`failed to resolve source metadata for ${name}: ${name}: not found`);
}
