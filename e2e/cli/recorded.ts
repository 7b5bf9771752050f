/**
 * What the real client printed on a real engine, kept in recorded/ (record.ts): our client on our engine has to print the same, where
 * there is neither of the real ones.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { scenarios } from "./scenarios.ts";

const file = (name: string): string =>
  fileURLToPath(
    new URL(
      `recorded/${name
        .toLowerCase()
        .replaceAll(/[^a-z]+/g, "-")
        .slice(0, 40)}.json`,
      import.meta.url,
    ),
  );

export const load = (name: string): unknown => JSON.parse(readFileSync(file(name), "utf8"));

export function save(name: string, value: unknown): void {
  mkdirSync(fileURLToPath(new URL("recorded", import.meta.url)), { recursive: true });
  writeFileSync(file(name), `${JSON.stringify(value, undefined, 1)}\n`);
}

export const helpName = "help texts";
export const refusedName = "what no command takes";
/** Help texts and refusals of flags are many and long; whether one differs is told by its hash. */
export const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** Not the one that needs a registry of its own outside the machine. */
export const recordedScenarios = Object.entries(scenarios).filter(([name]) => !name.startsWith("trees, trust"));
