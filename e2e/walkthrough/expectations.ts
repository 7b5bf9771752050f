import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DetailedStep, Entry, Section } from "./step.ts";

const file = (section: Section): string => fileURLToPath(new URL(`expected/${section.name}.json`, import.meta.url));

/** What the real client printed on the real engine, step by step. */
export function expectations(section: Section): readonly Entry[] {
  return existsSync(file(section)) ? JSON.parse(readFileSync(file(section), "utf8")) : [];
}

export function keepExpectations(section: Section, entries: readonly Entry[]): void {
  writeFileSync(file(section), `${JSON.stringify(entries, undefined, 1)}\n`);
}

/** What belongs to each entry of a section's transcript: joined steps take the place where they are joined. */
export function stepsShown(section: Section): readonly Partial<DetailedStep>[] {
  const background = new Map<string, DetailedStep>();
  return section.steps.flatMap((part) => {
    if (typeof part === "string") return [{}];
    if ("join" in part) return [background.get(part.join) ?? {}];
    if (part.background === undefined) return [part];
    background.set(part.background, part);
    return [];
  });
}
