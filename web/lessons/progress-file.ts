/** Progress as a file: from one device to another. What comes from a file is read, never trusted. */
import { remember } from "../state/settings.ts";
import { type LessonProgress, progressOf } from "./progress.ts";

const most = 2000;

export function writeProgress(names: readonly string[]): string {
  const lessons = Object.fromEntries(
    names.map((name) => [name, progressOf(name)] as const).filter(([, { step, done }]) => step > 0 || done.length > 0),
  );
  return `${JSON.stringify({ drydock: "progress", version: 1, lessons }, undefined, 2)}\n`;
}

/** Takes what the file knows and this device does not: nothing that was done here is lost. Answers of how many lessons. */
export function readProgress(text: string): number {
  if (text.length > 2_000_000) throw new Error("The file is too large for one of progress.");
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new Error("The file is not JSON.");
  }
  const { drydock, version, lessons } = fieldsOf(data);
  if (drydock !== "progress" || version !== 1)
    throw new Error("This is no file of progress, or one of a newer version.");
  const entries = Object.entries(fieldsOf(lessons)).flatMap(([name, value]) => {
    const progress = progressIn(value);
    return isLessonName(name) && progress !== undefined ? [[name, progress] as const] : [];
  });
  for (const [name, other] of entries.slice(0, most)) {
    const own = progressOf(name);
    const shown = [...new Set([...(own.shown ?? []), ...(other.shown ?? [])])];
    remember(`lesson.${name}`, {
      step: Math.max(own.step, other.step),
      done: [...new Set([...own.done, ...other.done])],
      finished: own.finished || other.finished,
      ...(shown.length === 0 ? {} : { shown }),
    });
  }
  return Math.min(entries.length, most);
}

const isLessonName = (name: string): boolean => /^[a-z0-9-]{1,60}\/[a-z0-9-]{1,60}$/.test(name);

function progressIn(value: unknown): LessonProgress | undefined {
  const { step, done, finished, shown } = fieldsOf(value);
  if (typeof step !== "number" || !Number.isInteger(step) || step < 0 || step > 100 || !Array.isArray(done))
    return undefined;
  return {
    step,
    done: textsIn(done, /^[a-z0-9-]+\/[a-z0-9-]+$/),
    finished: finished === true,
    shown: textsIn(Array.isArray(shown) ? shown : [], /^[a-z0-9-]+$/),
  };
}

const textsIn = (list: readonly unknown[], form: RegExp): readonly string[] =>
  list.filter((each): each is string => typeof each === "string" && form.test(each)).slice(0, 200);

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
