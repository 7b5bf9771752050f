/**
 * Sets the stage for a step: files, images, lines. Where a step begins is where the step before it ended with its own solution, so the
 * start of any step can be made anew from nothing: clear, then play the steps before it.
 */
import type { Lesson, Start, Step } from "../../lessons/format/index.ts";
import { solutionLines } from "../../lessons/format/solution.ts";
import type { ApiTransport } from "../api/transport.ts";
import type { Guest } from "../engine/ports/guest.ts";
import { runShell } from "./shell.ts";
import { workspaceRoot } from "./view.ts";

export interface Stage {
  readonly api: ApiTransport;
  readonly guest: Guest;
}

/** A line of a lesson's start or solution that failed. */
export class StageError extends Error {
  override readonly name = "StageError";
}

export async function playStart(stage: Stage, start: Start | undefined): Promise<void> {
  for (const [path, content] of Object.entries(start?.files ?? {})) await writeFile(stage.guest, path, content);
  for (const image of start?.images ?? []) await pull(stage.api, image);
  for (const line of start?.run ?? []) await must(stage, line);
}

export async function playSolution(stage: Stage, step: Step): Promise<void> {
  for (const { run } of solutionLines(step)) await runShell(stage.guest, run);
}

/** Makes the start of the step with this index, from a machine in any state. */
export async function playTo(stage: Stage, lesson: Lesson, index: number): Promise<void> {
  await clear(stage);
  for (const step of lesson.steps.slice(0, index)) {
    await playStart(stage, step.start);
    await playSolution(stage, step);
  }
  await playStart(stage, lesson.steps[index]?.start);
}

/** Containers, volumes, networks, files and the builder's cache go; images stay, for they cost a download. Names given in the lesson go with the images made in it. */
export async function clear({ api, guest }: Stage): Promise<void> {
  const containers = await list<{ Id: string }>(api, "/containers/json?all=1");
  await Promise.all(containers.map(({ Id }) => remove(api, `/containers/${Id}?force=1&v=1`)));
  for (const { Name } of await list<{ Name: string }>(api, "/volumes", "Volumes"))
    await remove(api, `/volumes/${encodeURIComponent(Name)}?force=1`);
  for (const { Name, Id } of await list<{ Name: string; Id: string }>(api, "/networks"))
    if (!["bridge", "host", "none"].includes(Name)) await remove(api, `/networks/${Id}`);
  await removeOwnImages(api);
  // A build's cache would make a step's first build its second.
  await api.request({ method: "POST", path: "/build/prune?all=1" });
  const entries = (await guest.batch([{ op: "list", path: workspaceRoot }]))[0] as readonly { name: string }[];
  await guest.batch(entries.map(({ name }) => ({ op: "removeTree", path: `${workspaceRoot}/${name}` })));
}

/** Images without a digest of a registry were made here: by commit, load, import, tag or build. */
async function removeOwnImages(api: ApiTransport): Promise<void> {
  const images = await list<{ Id: string; RepoTags: readonly string[] | null; RepoDigests: readonly string[] | null }>(
    api,
    "/images/json",
  );
  for (const { Id, RepoTags, RepoDigests } of images) {
    const pulled = (RepoDigests ?? []).map((digest) => digest.split("@")[0]);
    const own = (RepoTags ?? []).filter((tag) => !pulled.includes(tag.replace(/:[^:/]*$/, "")));
    for (const tag of own) await remove(api, `/images/${encodeURIComponent(tag)}?force=1`);
    if (pulled.length === 0) await remove(api, `/images/${Id}?force=1`);
  }
}

async function list<T>(api: ApiTransport, path: string, field?: string): Promise<readonly T[]> {
  const { body } = await api.request({ method: "GET", path });
  if (body.kind !== "json") return [];
  const value = field === undefined ? body.value : (body.value as Readonly<Record<string, unknown>>)[field];
  return Array.isArray(value) ? (value as T[]) : [];
}

async function remove(api: ApiTransport, path: string): Promise<void> {
  await api.request({ method: "DELETE", path });
}

async function pull(api: ApiTransport, reference: string): Promise<void> {
  const there = await api.request({ method: "GET", path: `/images/${encodeURIComponent(reference)}/json` });
  if (there.status === 200) return;
  const response = await api.request({
    method: "POST",
    path: `/images/create?fromImage=${encodeURIComponent(reference)}`,
  });
  let problem = response.status === 200 ? undefined : `status ${response.status}`;
  if (response.body.kind === "jsonLines")
    for await (const value of response.body.values) {
      const { error } = value as { error?: unknown };
      if (typeof error === "string") problem = error;
    }
  if (problem !== undefined) throw new StageError(`The image ${reference} could not be fetched: ${problem}`);
}

const learner = { uid: 1000, gid: 1000 };

async function writeFile(guest: Guest, path: string, content: string): Promise<void> {
  const folders = path.split("/").slice(0, -1);
  await guest.batch([
    ...folders.map((_, index) => ({
      op: "mkdir" as const,
      path: `${workspaceRoot}/${folders.slice(0, index + 1).join("/")}`,
      parents: true,
      ...learner,
    })),
    {
      op: "write",
      path: `${workspaceRoot}/${path}`,
      data: content,
      mode: path.endsWith(".sh") ? 0o755 : 0o644,
      ...learner,
    },
  ]);
}

async function must({ guest }: Stage, line: string): Promise<void> {
  const { code, output } = await runShell(guest, line);
  if (code !== 0) throw new StageError(`"${line}" failed (${code}): ${output.trim().slice(-300)}`);
}
