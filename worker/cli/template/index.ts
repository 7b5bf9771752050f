/**
 * Go's text/template, as `--format` needs it: https://pkg.go.dev/text/template. Values are ordinary data; how JavaScript values
 * stand for Go's is said in value.ts. Error texts, positions included, are Go's.
 */

export { TemplateError } from "./errors.ts";
export { toJson } from "./json.ts";
export { sprint, sprintf, sprintln } from "./print.ts";
export { Template, type TemplateFunction } from "./template.ts";
export { GoFloat, goMap, methods, struct } from "./value.ts";
