/** `--mount type=…,…` to the API's mount. */

import { parseCsv } from "../../go/csv.ts";
import { parseBool } from "../../go/strconv.ts";
import { parseBytes } from "../../go/units.ts";
import { ValueError } from "../../go/value-error.ts";
import { resolvePath } from "../config/config-file.ts";
import { cut } from "../flags/values.ts";

interface Mount {
  Type: string;
  Source?: string;
  Target?: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: {
    Propagation?: string;
    NonRecursive?: boolean;
    ReadOnlyNonRecursive?: boolean;
    ReadOnlyForceRecursive?: boolean;
  };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels: Record<string, string>;
    DriverConfig: { Name?: string; Options?: Record<string, string> };
    Subpath?: string;
  };
  ImageOptions?: { Subpath?: string };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number };
}

const fail = (message: string): never => {
  throw new ValueError(message);
};

function boolean(key: string, value: string): boolean {
  try {
    return parseBool(value);
  } catch {
    return fail(`invalid value for ${key}: ${value}`);
  }
}

function setPair(target: Record<string, string>, text: string): void {
  const [key, value] = cut(text, "=");
  if (key !== "") target[key] = value;
}

export function parseMount(spec: string, cwd: string): Readonly<Mount> {
  const mount: Mount = { Type: "volume" };
  const bind = () => (mount.BindOptions ??= {});
  const volume = () => (mount.VolumeOptions ??= { Labels: {}, DriverConfig: {} });
  const tmpfs = () => (mount.TmpfsOptions ??= {});
  for (const field of parseCsv(spec)) {
    const [name, value, has] = cut(field, "=");
    const key = name.toLowerCase();
    if (!has) {
      if (key === "readonly" || key === "ro") mount.ReadOnly = true;
      else if (key === "volume-nocopy") volume().NoCopy = true;
      else if (key === "bind-nonrecursive") bind().NonRecursive = true;
      else return fail(`invalid field '${field}' must be a key=value pair`);
      continue;
    }
    switch (key) {
      case "type":
        mount.Type = value.toLowerCase();
        break;
      case "source":
      case "src":
        mount.Source = value.startsWith(".") ? cleanPath(resolvePath(cwd, value)) : value;
        break;
      case "target":
      case "dst":
      case "destination":
        mount.Target = value;
        break;
      case "readonly":
      case "ro":
        mount.ReadOnly = boolean(key, value);
        break;
      case "consistency":
        mount.Consistency = value.toLowerCase();
        break;
      case "bind-propagation":
        bind().Propagation = value.toLowerCase();
        break;
      case "bind-nonrecursive":
        bind().NonRecursive = boolean(key, value);
        break;
      case "bind-recursive":
        if (value === "disabled") bind().NonRecursive = true;
        else if (value === "writable") bind().ReadOnlyNonRecursive = true;
        else if (value === "readonly") bind().ReadOnlyForceRecursive = true;
        else if (value !== "enabled")
          return fail(`invalid value for ${key}: ${value} (must be "enabled", "disabled", "writable", or "readonly")`);
        break;
      case "volume-subpath":
        volume().Subpath = value;
        break;
      case "volume-nocopy":
        volume().NoCopy = boolean("volume-nocopy", value);
        break;
      case "volume-label":
        setPair(volume().Labels, value);
        break;
      case "volume-driver":
        volume().DriverConfig.Name = value;
        break;
      case "volume-opt":
        volume().DriverConfig.Options ??= {};
        setPair(volume().DriverConfig.Options ?? {}, value);
        break;
      case "image-subpath":
        mount.ImageOptions = { Subpath: value };
        break;
      case "tmpfs-size":
        try {
          tmpfs().SizeBytes = parseBytes(value);
        } catch {
          return fail(`invalid value for ${key}: ${value}`);
        }
        break;
      case "tmpfs-mode":
        if (!/^[0-7]+$/.test(value)) return fail(`invalid value for ${key}: ${value}`);
        tmpfs().Mode = Number.parseInt(value, 8);
        break;
      default:
        return fail(`unexpected key '${key}' in '${field}'`);
    }
  }
  check(mount);
  return mount;
}

function check(mount: Mount): void {
  if (mount.Type === "") fail("type is required");
  if ((mount.Target ?? "") === "") fail("target is required");
  const mixed = (["volume", "image", "bind", "tmpfs"] as const).find((kind) => {
    const options = {
      volume: mount.VolumeOptions,
      image: mount.ImageOptions,
      bind: mount.BindOptions,
      tmpfs: mount.TmpfsOptions,
    };
    return options[kind] !== undefined && mount.Type !== kind;
  });
  if (mixed !== undefined) fail(`cannot mix '${mixed}-*' options with mount type '${mount.Type}'`);
  const { BindOptions: bind } = mount;
  if (bind?.ReadOnlyNonRecursive === true && mount.ReadOnly !== true)
    fail("option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction");
  if (bind?.ReadOnlyForceRecursive === true) {
    if (mount.ReadOnly !== true)
      fail("option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction");
    if (bind.Propagation !== "rprivate")
      fail("option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction");
  }
}

/** filepath.Clean of an absolute path. */
export function cleanPath(path: string): string {
  const out: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") out.pop();
    else out.push(part);
  }
  return `${path.startsWith("/") ? "/" : ""}${out.join("/")}` || ".";
}
