/**
 * Writes COMPATIBILITY.md: every operation of the Engine API and every command and flag of the reference client, with how far it goes
 * here and the test that shows it. It is made from the route tables, the command tree, the shortfalls named beside the handlers and the
 * walkthrough; `npm test` fails when it is stale (scripts/compatibility.test.ts).
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compatibility } from "./compatibility/document.ts";

export const compatibilityFile = join(fileURLToPath(new URL("..", import.meta.url)), "COMPATIBILITY.md");

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(compatibilityFile, compatibility());
