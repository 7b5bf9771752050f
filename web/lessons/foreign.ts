/** A lesson from any address: `lesson.yaml` and the texts beside it, read by the same schema as our own. Loaded only when one is opened. */
import { type Lesson, loadLesson, textProblem } from "../../lessons/format/index.ts";
import { fetchText, webAddress } from "./fetch-text.ts";

const largest = 512 * 1024;

export async function fetchLesson(address: string): Promise<Lesson> {
  const url = webAddress(address);
  const loaded = loadLesson(await fetchText(url, largest));
  if (!loaded.ok)
    throw new Error(
      `This lesson does not keep to the format: ${loaded.problems.map(({ line, message }) => `line ${line}: ${message}`).join("; ")}`,
    );
  const names = [...new Set(loaded.value.steps.map(({ text }) => text))];
  const texts = await Promise.all(
    names.map(async (name) => [name, await fetchText(new URL(name, url), largest)] as const),
  );
  for (const [name, text] of texts) {
    const problem = textProblem(text);
    if (problem !== undefined) throw new Error(`${name} of this lesson ${problem}.`);
  }
  return { ...loaded.value, texts: Object.fromEntries(texts) };
}
