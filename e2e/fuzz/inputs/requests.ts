/** Requests of the Engine API: an operation of the specification, with any names, parameters, headers and body. */
import * as fc from "fast-check";
import operations from "../../../worker/api/reference/operations.json" with { type: "json" };
import { bodies } from "./bodies.ts";
import { json, jsonText, word } from "./values.ts";

export interface HostileRequest {
  readonly operation: string;
  readonly method: string;
  /** With version, parameters and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, or something that only looks like it. */
  readonly body: string | undefined;
}

const split = (text: string): readonly string[] => text.trim().split(/\s+/);

const parameters =
  split(`all limit size filters tail since until stdout stderr timestamps details follow t signal h w path name condition
  fromImage fromSrc tag repo platform platforms force noprune v link dangling digests shared-size manifests identity term registry type q
  remote dockerfile buildargs labels target outputs cachefrom cacheto nocache pull rm forcerm memory cpushares networkmode extrahosts
  squash shmsize version buildid container comment author changes pause stream one-shot ps_args detachKeys logs stdin message scope verbose
  names noOverwriteDirNonDir copyUIDGID quiet checkpoint rotateWorkerToken insertDefaults`);

const filterNames =
  split(`label label! name id status type until reference driver dangling scope ancestor network volume before since
  publish expose health exited is-task isolation event container image daemon all unused-for private`);
const filters = fc.oneof(
  fc.dictionary(
    fc.constantFrom(...filterNames),
    fc.oneof(fc.array(word, { maxLength: 2 }), fc.dictionary(word, fc.boolean(), { maxKeys: 2 }), json),
    { maxKeys: 3 },
  ),
  json,
);
const queryValue = fc.oneof({ weight: 3, arbitrary: word }, json.map(jsonText), filters.map(jsonText));

const query = fc
  .array(fc.tuple(fc.constantFrom(...parameters), queryValue), { maxLength: 5 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${encode(value)}`).join("&"));

/** A lone surrogate has no UTF-8. */
const encode = (value: string): string => encodeURIComponent(new TextDecoder().decode(new TextEncoder().encode(value)));

const header = fc.oneof(
  word,
  fc.constantFrom(
    ..."tcp h2c websocket Upgrade keep-alive close gzip 100-continue */* 13 dGhlIHNhbXBsZSBub25jZQ==".split(" "),
  ),
  json.map((value) => btoa(unescape(encode(jsonText(value).slice(0, 500))))),
);
const headers = shapedHeaders(
  split(`x-registry-auth x-registry-config upgrade connection sec-websocket-key sec-websocket-version sec-websocket-protocol expect accept
    user-agent if-modified-since range origin cookie x-docker-expose-session-uuid x-docker-expose-session-name`),
);

function shapedHeaders(names: readonly string[]): fc.Arbitrary<Record<string, string>> {
  return fc
    .dictionary(fc.constantFrom(...names), header, { maxKeys: 2 })
    .map((all) =>
      Object.fromEntries(
        Object.entries(all).map(([name, value]) => [name, value.replace(/[^\x20-\x7e]/g, "?").trim()]),
      ),
    );
}

const versions = fc.constantFrom(
  "",
  "",
  "",
  "/v1.24",
  "/v1.40",
  "/v1.43",
  "/v1.51",
  "/v1.99",
  "/v0.1",
  "/v1.x",
  "/v01.51",
);
const contentTypes = fc.constantFrom(
  "application/json",
  "application/json",
  "application/json;charset=utf-8",
  "text/plain",
  "application/x-tar",
  "",
);

const sent = fc.oneof(
  { weight: 6, arbitrary: bodies.map(jsonText) },
  {
    weight: 1,
    arbitrary: bodies.map(jsonText).chain((whole) => fc.nat(whole.length).map((end) => whole.slice(0, end))),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      "{}{}",
      "null",
      "[]",
      '{"a":1}x',
      "\ufeff{}",
      '{"Image":"\\ud800"}',
      "[".repeat(5000),
    ),
  },
  { weight: 1, arbitrary: word },
);

export const requests: fc.Arbitrary<HostileRequest> = fc
  .record({
    route: fc.constantFrom(...(operations as [string, string, string, string][])),
    id: word,
    query,
    headers,
    version: versions,
    contentType: contentTypes,
    body: sent,
  })
  .map(({ route: [, operation, method, path], id, query: asked, headers: given, version, contentType, body }) => ({
    operation,
    method,
    path: `${version}${path.replace(/\{\w+(\.\.\.)?\}/g, encode(id) || "web")}?${asked}`,
    headers: contentType === "" ? given : { ...given, "content-type": contentType },
    body: method === "GET" || method === "HEAD" ? undefined : body,
  }));
