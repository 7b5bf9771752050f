/** Questions about one image. The first requirement that does not hold is what the learner reads. */
import type { SimpleCheck } from "../format/index.ts";
import { hasLabel } from "./container.ts";
import { type Observation, observed, passed, waiting } from "./observation.ts";
import { sameReference } from "./reference.ts";
import type { ImageFacts, LessonView } from "./view.ts";

type ImageCheck = Extract<SimpleCheck, { kind: "image" }>;

export async function checkImage(check: ImageCheck, view: LessonView): Promise<Observation> {
  const images = await view.images();
  const found = findImage(images, check.name);
  if (check.absent === true) return found === undefined ? passed : observed(`${check.name} is still here.`);
  if (found === undefined) return waiting(`There is no image ${check.name} yet.`);
  for (const name of [check.sameAs, check.shares?.with])
    if (name !== undefined && findImage(images, name) === undefined) return waiting(`There is no image ${name} yet.`);
  for (const question of questions) {
    const text = question(check, found, images);
    if (text !== undefined) return observed(text);
  }
  return check.hides === undefined ? passed : await checkHidden(check.name, check.hides, found, view);
}

type Question = (check: ImageCheck, image: ImageFacts, images: readonly ImageFacts[]) => string | undefined;

const questions: readonly Question[] = [
  ({ name, sameAs }, image, images) =>
    sameAs === undefined || findImage(images, sameAs)?.Id === image.Id
      ? undefined
      : `${name} and ${sameAs} are two different images.`,
  ({ name, env }, { Config }) => {
    const missing = Object.entries(env ?? {}).find(([key, value]) => !(Config.Env ?? []).includes(`${key}=${value}`));
    return missing === undefined ? undefined : `${name} does not set ${missing[0]} to ${missing[1]}.`;
  },
  ({ name, command }, { Config }) => {
    const line = [...(Config.Entrypoint ?? []), ...(Config.Cmd ?? [])].join(" ");
    return command === undefined || line.includes(command) ? undefined : `${name} would run "${line}".`;
  },
  ({ name, user }, { Config }) =>
    user === undefined || Config.User === user
      ? undefined
      : `${name} runs as ${Config.User === undefined || Config.User === "" ? "root" : Config.User}, not as ${user}.`,
  ({ name, workingDir }, { Config }) =>
    workingDir === undefined || Config.WorkingDir === workingDir
      ? undefined
      : `${name} starts in ${Config.WorkingDir || "/"}, not in ${workingDir}.`,
  ({ name, exposes }, { Config }) =>
    exposes === undefined || Config.ExposedPorts?.[`${exposes}/tcp`] !== undefined
      ? undefined
      : `${name} does not say that it listens on port ${exposes}.`,
  ({ name, label }, { Config }) =>
    label === undefined || hasLabel(Config.Labels, label) ? undefined : `${name} has no label ${label}.`,
  ({ name, layers }, image) => {
    const count = image.RootFS.Layers?.length ?? 0;
    return count < (layers?.min ?? 0) || count > (layers?.max ?? Number.POSITIVE_INFINITY)
      ? `${name} has ${count} ${count === 1 ? "layer" : "layers"}.`
      : undefined;
  },
  ({ name, size }, image) =>
    size === undefined || (image.Size ?? 0) <= size.max
      ? undefined
      : `${name} has ${((image.Size ?? 0) / 1e6).toFixed(1)} MB; at most ${(size.max / 1e6).toFixed(1)} MB were asked for.`,
  ({ name, shares }, image, images) => {
    if (shares === undefined) return undefined;
    const other = findImage(images, shares.with)?.RootFS.Layers ?? [];
    const own = image.RootFS.Layers ?? [];
    const different = own.findIndex((layer, index) => layer !== other[index]);
    const same = different < 0 ? own.length : different;
    return same >= shares.min
      ? undefined
      : `${name} shares ${same} ${same === 1 ? "layer" : "layers"} with ${shares.with}: the others were made anew.`;
  },
];

async function checkHidden(
  name: string,
  secret: string,
  { Config }: ImageFacts,
  view: LessonView,
): Promise<Observation> {
  if (JSON.stringify(Config).includes(secret)) return observed(`"${secret}" stands in the settings of ${name}.`);
  const steps = await view.history(name);
  return steps.some((step) => step.includes(secret))
    ? observed(`"${secret}" stands in the history of ${name}.`)
    : passed;
}

function findImage(images: readonly ImageFacts[], name: string): ImageFacts | undefined {
  return images.find(
    ({ Id, RepoTags, RepoDigests }) =>
      Id === name ||
      RepoTags.some((tag) => sameReference(tag, name)) ||
      RepoDigests.some((digest) => sameReference(digest, name)),
  );
}
