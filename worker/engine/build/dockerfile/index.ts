/**
 * The Dockerfile language: text to nodes (./parser.ts), nodes to typed instructions and stages (./instructions.ts), variables
 * (./expand.ts), ignore files (./ignore.ts), build checks (./lint.ts).
 *
 * What always holds: parsing is pure and total (an answer or a {@link DockerfileError} that knows its lines); behaviour and words
 * are BuildKit's. Nothing here knows of images, files or processes.
 */

export { checkProgram } from "./checks.ts";
export { type Expanded, expandWith } from "./expand.ts";
export { cleanPath, PatternMatcher, readIgnoreFile } from "./ignore.ts";
export * from "./instructions.ts";
export { Linter, type LintWarning, looksSecret, type RuleName } from "./lint.ts";
export * from "./node.ts";
export { parseDockerfile, parseLine } from "./parser.ts";
