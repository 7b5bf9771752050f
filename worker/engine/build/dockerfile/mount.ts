/** `RUN --mount`: comma-separated fields (BuildKit's instructions.parseMount). Variables are replaced when the step runs. */
import { parseBytes } from "../../../go/units.ts";
import { DockerfileError } from "./node.ts";
import { withSuggestion } from "./suggest.ts";

export type MountType = "bind" | "cache" | "tmpfs" | "secret" | "ssh";
export interface RunMount {
  readonly type: MountType;
  /** Stage, image or build context; "" is the build's own context. */
  readonly from: string;
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Bytes, of a tmpfs. */
  readonly size: number | undefined;
  readonly id: string;
  readonly sharing: "" | "shared" | "private" | "locked";
  readonly required: boolean;
  /** Of a secret: the environment variable that holds it; "" names it after the secret. */
  readonly env: string | undefined;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

const types: readonly MountType[] = ["bind", "cache", "tmpfs", "secret", "ssh"];
const sharings = ["shared", "private", "locked"] as const;
const keys =
  "type from source target readonly id sharing required size mode uid gid src dst destination ro rw readwrite env".split(
    " ",
  );
const fail = (message: string): DockerfileError => new DockerfileError(message);

/** Fields of a line of comma-separated values; a field in double quotes may hold commas. */
export function csvFields(text: string): readonly string[] {
  const fields: string[] = [];
  for (const match of text.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)) {
    const field = match[1] ?? "";
    if (match.index === text.length && (text === "" || !text.endsWith(","))) break;
    fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
  }
  return fields;
}

/** What is wrong whatever the variables hold; known when the file is parsed. */
export function checkMountSyntax(text: string): void {
  for (const field of csvFields(text)) {
    const [key = "", value = ""] = cut(field);
    const at = value.indexOf("$");
    if (key === "from" && at >= 0 && at < value.length - 1)
      throw fail(`'${key}' doesn't support variable expansion, define alias stage instead`);
  }
}

/** The stage or image that the mount is from, without replacing variables. */
export function mountFrom(text: string): string {
  for (const field of csvFields(text)) {
    const [key, value = ""] = cut(field);
    if (key === "from") return value;
  }
  return "";
}

function cut(field: string): readonly [key: string, value: string | undefined] {
  const equals = field.indexOf("=");
  if (equals < 0) return [field.toLowerCase(), undefined];
  return [field.slice(0, equals).toLowerCase(), field.slice(equals + 1)];
}

function truth(key: string, value: string): boolean {
  if (/^(1|t|true)$/i.test(value)) return true;
  if (/^(0|f|false)$/i.test(value)) return false;
  throw fail(`invalid value for ${key}: ${value}`);
}

function bytes(key: string, value: string): number {
  try {
    return parseBytes(value);
  } catch {
    throw fail(`invalid value for ${key}: ${value}`);
  }
}

function decimal(key: string, value: string, radix: number): number {
  const wanted = radix === 8 ? /^[0-7]+$/ : /^\d+$/;
  if (!wanted.test(value)) throw fail(`invalid value ${value} for ${key}`);
  return Number.parseInt(value, radix);
}

export function parseMount(text: string, expandWord: (word: string) => string): RunMount {
  const mount: { -readonly [K in keyof RunMount]: RunMount[K] } = {
    type: "bind",
    from: "",
    source: "",
    target: "",
    readOnly: true,
    size: undefined,
    id: "",
    sharing: "",
    required: false,
    env: undefined,
    mode: undefined,
    uid: undefined,
    gid: undefined,
  };
  let access: boolean | undefined;
  const unexpected = (key: string): DockerfileError => fail(`unexpected key '${key}' for mount type '${mount.type}'`);
  for (const field of csvFields(text)) {
    const [key, raw] = cut(field);
    const flag = raw === undefined;
    if (flag && !["readonly", "ro", "readwrite", "rw", "required"].includes(key))
      throw fail(`invalid field '${field}' must be a key=value pair`);
    const value = flag ? "true" : expandWord(raw);
    switch (key) {
      case "type": {
        const type = value.toLowerCase() as MountType;
        if (!types.includes(type))
          throw fail(withSuggestion(`unsupported mount type ${JSON.stringify(value)}`, value, types));
        mount.type = type;
        break;
      }
      case "from":
        mount.from = value;
        break;
      case "source":
      case "src":
        mount.source = value;
        break;
      case "target":
      case "dst":
      case "destination":
        mount.target = value;
        break;
      case "readonly":
      case "ro":
        access = truth(key, value);
        break;
      case "readwrite":
      case "rw":
        access = !truth(key, value);
        break;
      case "required":
        if (mount.type !== "secret" && mount.type !== "ssh") throw unexpected(key);
        mount.required = truth(key, value);
        break;
      case "size":
        if (mount.type !== "tmpfs") throw unexpected(key);
        mount.size = bytes(key, value);
        break;
      case "id":
        mount.id = value;
        break;
      case "sharing": {
        const sharing = value.toLowerCase() as (typeof sharings)[number];
        if (!sharings.includes(sharing))
          throw fail(withSuggestion(`unsupported sharing value ${JSON.stringify(value)}`, value, sharings));
        mount.sharing = sharing;
        break;
      }
      case "mode":
        mount.mode = decimal(key, value, 8);
        break;
      case "uid":
      case "gid":
        mount[key] = decimal(key, value, 10);
        break;
      case "env":
        mount.env = value;
        break;
      default:
        throw fail(withSuggestion(`unexpected key '${key}' in '${field}'`, key, keys));
    }
  }
  check(mount);
  mount.readOnly = access ?? (mount.type !== "cache" && mount.type !== "tmpfs");
  return mount;
}

function check(mount: RunMount): void {
  const { type } = mount;
  if (type === "bind" || type === "tmpfs")
    for (const key of ["mode", "uid", "gid"] as const)
      if (mount[key] !== undefined) throw fail(`${key} not allowed for ${JSON.stringify(type)} type mounts`);
  if (type === "secret") {
    if (mount.from !== "") throw fail("secret mount should not have a from");
    if (mount.sharing !== "") throw fail("secret mount should not define sharing");
    if (mount.source === "" && mount.target === "" && mount.id === "")
      throw fail("invalid secret mount. one of source, target required");
    if (mount.source !== "" && mount.id !== "") throw fail("both source and id can't be set");
  }
  if (mount.sharing !== "" && type !== "cache") throw fail(`invalid cache sharing set for ${type} mount`);
}
