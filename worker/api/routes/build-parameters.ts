/** Parameters of `POST /build` that are JSON, refused in moby's words (api/server/router/build) where they are not. */
import type { BuildRequest } from "../../engine/build/index.ts";
import { EngineError } from "../../engine/errors.ts";
import type { RlimitName } from "../../engine/ports/guest.ts";
import { typeName } from "../../go/json.ts";
import { parseJsonParameter } from "../json-body.ts";

/** JSON of texts by name; a name without one (null) is left out. */
export function textsOf(text: string | undefined, what: string): Readonly<Record<string, string>> {
  if (text === undefined || text === "") return {};
  const value = parseJsonParameter(text, what);
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw mistyped(value, what, "map[string]string");
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, entry]) => {
      if (entry === null) return [];
      if (typeof entry !== "string") throw mistyped(entry, what, "string");
      return [[name, entry]];
    }),
  );
}

const mistyped = (value: unknown, what: string, type: string): EngineError =>
  new EngineError(
    "invalidParameter",
    `${what}: json: cannot unmarshal ${typeName(value)} into Go value of type ${type}`,
  );

/** JSON of moby's container.Ulimit. */
export function ulimitsOf(text: string | undefined): NonNullable<BuildRequest["ulimits"]> {
  if (text === undefined || text === "") return [];
  const what = "error reading ulimit settings";
  const list = parseJsonParameter(text, what) ?? [];
  if (!Array.isArray(list)) throw mistyped(list, what, "[]*container.Ulimit");
  return list.map((entry: unknown) => {
    if (typeof entry !== "object" || entry === null || Array.isArray(entry))
      throw mistyped(entry, what, "container.Ulimit");
    const { Name, Soft = 0, Hard = 0 } = entry as { Name?: RlimitName; Soft?: number; Hard?: number };
    if (typeof Name !== "string") throw mistyped(Name, what, "string");
    return { type: Name, soft: Number(Soft), hard: Number(Hard) };
  });
}
