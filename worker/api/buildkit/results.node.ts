/** What a build answers beyond its image: errors with their place in the Dockerfile, and the answers of `--call`. */
import { code, RpcError } from "./grpc.node.ts";
import type { BuildResult, Failure } from "./jobs.node.ts";

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** BuildKit's errdefs.Source goes with the error, once for each place. Its client shows the last one's excerpt first. */
export function failureError({ message, range, via = [], file, text }: Failure): RpcError {
  const info = { filename: file, data: base64(text), language: "Dockerfile" };
  const details = [...(range === undefined ? [] : [range]), ...via].toReversed().map(({ start, end }) => ({
    type_url: "github.com/moby/buildkit/errdefs.Source+json",
    value: json({ info, ranges: [{ start: { line: start }, end: { line: end } }] }),
  }));
  return new RpcError(code.unknown, message, details);
}

/** Metadata of a solve's result, by BuildKit's subrequests: data, and the text where there is nothing to format. */
export function callResult(
  result: BuildResult,
  { requestid, filename = "Dockerfile" }: Readonly<Record<string, string>>,
): Readonly<Record<string, Uint8Array>> {
  switch (requestid) {
    case "frontend.lint":
      return {
        "result.json": json(lintOf(result, filename)),
        "result.statuscode": Buffer.from(result.warnings.length > 0 || result.failure !== undefined ? "1" : "0"),
      };
    case "frontend.targets":
      return { "result.json": json({ targets: result.targets ?? [] }) };
    case "frontend.outline":
      return { "result.json": json(result.outline ?? {}) };
    default:
      return {};
  }
}

/** lint.LintResults. What keeps a check from finding anything is among its findings. */
const lintOf = ({ warnings, violation, failure, dockerfile = "" }: BuildResult, filename: string): object => ({
  warnings: warnings.map(({ rule, description, url, message, range }) => ({
    ruleName: rule,
    description,
    url,
    detail: message,
    location: locationOf(range),
  })),
  sources: [{ filename, data: base64(dockerfile), language: "Dockerfile" }],
  ...(failure !== undefined
    ? {
        buildError: {
          message: failure.message,
          location: failure.range === undefined ? {} : locationOf(failure.range),
        },
      }
    : violation !== undefined
      ? { buildError: { message: violation, location: {} } }
      : {}),
});

const locationOf = ({ start, end }: { readonly start: number; readonly end: number }): object => ({
  sourceIndex: 0,
  ranges: [{ start: { line: start }, end: { line: end } }],
});
