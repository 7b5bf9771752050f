/**
 * An image's configuration as bytes. An image is known by their digest, so they are what Go's encoder writes for Docker's builder: fields
 * of the top sorted (it edits a map), those of `config` and `history` in the order of the OCI types, nothing that is empty, and "<", ">"
 * and "&" escaped. The same build has the same identity here and there.
 */
import type { ImageConfig } from "../domains.ts";

/** OCI's ImageConfig, then Docker's own fields (moby's dockerspec). */
export const configFields = [
  "User",
  "ExposedPorts",
  "Env",
  "Entrypoint",
  "Cmd",
  "Volumes",
  "WorkingDir",
  "Labels",
  "StopSignal",
  "ArgsEscaped",
  "Healthcheck",
  "OnBuild",
  "Shell",
] as const satisfies readonly (keyof ImageConfig)[];
const healthFields: readonly string[] = ["Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"];
const historyFields: readonly string[] = ["created", "created_by", "author", "comment", "empty_layer"];

/** `fields`: of the top, among them `config` and `history`. */
export function imageJson(fields: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer> {
  const { config, history } = fields;
  const value = {
    ...fields,
    config: configOf((config ?? {}) as Fields),
    history: ((history ?? []) as readonly Fields[]).map((entry) =>
      inOrder(
        { ...entry, ...(typeof entry.created === "string" ? { created: goTime(entry.created) } : {}) },
        historyFields,
      ),
    ),
    ...(typeof fields.created === "string" ? { created: goTime(fields.created) } : {}),
  };
  const text = JSON.stringify(sorted(value));
  const escaped = text.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return new TextEncoder().encode(escaped);
}

type Fields = Readonly<Record<string, unknown>>;

function configOf(config: Fields): Fields {
  const { Healthcheck, ...rest } = config;
  const health = Healthcheck == null ? {} : { Healthcheck: inOrder(Healthcheck as Fields, healthFields) };
  const maps = Object.entries(rest).map(([name, value]) => [name, isMap(value) ? sorted(value) : value]);
  return inOrder({ ...Object.fromEntries(maps), ...health }, configFields);
}

const isMap = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

const sorted = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The named fields first, as `omitempty` leaves them; then others that somebody else's image has. */
function inOrder(fields: Fields, order: readonly string[]): Fields {
  const names = [...order, ...Object.keys(fields).filter((name) => !order.includes(name))];
  return Object.fromEntries(names.flatMap((name) => (isEmpty(fields[name]) ? [] : [[name, fields[name]]])));
}

const isEmpty = (value: unknown): boolean =>
  value == null ||
  value === "" ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) ? value.length === 0 : isMap(value) && Object.keys(value).length === 0);

/** RFC3339Nano: zeros at the end of a second's fraction are left out. */
const goTime = (text: string): string =>
  text.replace(/\.(\d*?)0+Z$/, (_, digits: string) => (digits === "" ? "Z" : `.${digits}Z`));
