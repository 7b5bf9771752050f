/** A lesson from any address: `lesson.yaml` and the texts beside it, read by the same schema as our own. Loaded only when one is opened. */
import { type Lesson, loadLesson } from "../../lessons/format/index.ts";

const largest = 512 * 1024;

export async function fetchLesson(address: string): Promise<Lesson> {
  const url = new URL(address, location.href);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new Error("A lesson comes from an http or https address.");
  const loaded = loadLesson(await fetchText(url));
  if (!loaded.ok)
    throw new Error(
      `This lesson does not keep to the format: ${loaded.problems.map(({ line, message }) => `line ${line}: ${message}`).join("; ")}`,
    );
  const names = [...new Set(loaded.value.steps.map(({ text }) => text))];
  const texts = await Promise.all(names.map(async (name) => [name, await fetchText(new URL(name, url))] as const));
  return { ...loaded.value, texts: Object.fromEntries(texts) };
}

async function fetchText(url: URL): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer" });
  } catch {
    throw new Error(`${url.href} could not be read. Its server must allow other pages to read it (CORS).`);
  }
  if (!response.ok) throw new Error(`${url.href} answered with status ${response.status}.`);
  const text = await response.text();
  if (text.length > largest) throw new Error(`${url.href} is larger than a lesson may be.`);
  return text;
}
