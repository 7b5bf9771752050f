/** `-v`, `--mount` and `VOLUME` as mount points, with the errors of moby's volume/mounts parser. Pure. */
import { EngineError } from "../errors.ts";
import type { MountPoint, MountRequest } from "./model.ts";

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);

const propagations = new Set(["private", "rprivate", "slave", "rslave", "shared", "rshared"]);
const accessModes = new Set(["ro", "rw"]);
const labelModes = new Set(["z", "Z"]);
const consistencies = new Set(["consistent", "cached", "delegated"]);
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Path.clean without leaving the root. */
export function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** A mount point before its volume exists. */
export interface PlannedMount {
  readonly type: "bind" | "volume" | "tmpfs" | "image";
  /** A path, or a volume's name; absent: an anonymous volume. */
  readonly source?: string;
  readonly destination: string;
  readonly mode: string;
  readonly writable: boolean;
  readonly propagation: string;
  readonly driver?: string;
  readonly driverOptions?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly detail: MountPoint["detail"];
}

/** "source:destination[:mode]" or "destination". */
export function parseBind(spec: string, driver: string): PlannedMount {
  const parts = spec.split(":");
  const [first = "", second, third] = parts;
  if (spec === "" || parts.length > 3 || first === "" || (parts.length > 1 && second === ""))
    throw failed(spec, "invalid volume specification");
  if (second === undefined) return checked(spec, { source: undefined, destination: first, mode: "", driver });
  // "name:mode" is no form; the second part is the destination.
  return checked(spec, { source: first, destination: second, mode: third ?? "", driver });
}

function failed(spec: string, reason: string): EngineError {
  return new EngineError(
    "system",
    reason === "invalid volume specification"
      ? `invalid volume specification: '${spec}'`
      : `invalid volume specification: '${spec}': ${reason}`,
  );
}

function checked(
  spec: string,
  given: { source: string | undefined; destination: string; mode: string; driver: string },
): PlannedMount {
  const { source, destination, mode } = given;
  const modes = mode === "" ? [] : mode.split(",");
  const isBind = source?.startsWith("/") === true;
  const type = isBind ? "bind" : "volume";
  const seen = new Set<string>();
  for (const part of modes) {
    const kind = accessModes.has(part)
      ? "access"
      : labelModes.has(part)
        ? "label"
        : isBind && propagations.has(part)
          ? "propagation"
          : consistencies.has(part)
            ? "consistency"
            : part === "nocopy" && !isBind
              ? "copy"
              : undefined;
    if (!isBind && propagations.has(part))
      throw failed(spec, 'invalid mount config for type "volume": field BindOptions must not be specified');
    if (kind === undefined || seen.has(kind)) throw new EngineError("system", `invalid mode: ${mode}`);
    seen.add(kind);
  }
  if (!destination.startsWith("/"))
    throw failed(
      spec,
      `invalid mount config for type "${type}": invalid mount path: '${destination}' mount path must be absolute`,
    );
  const target = cleanPath(destination);
  if (target === "/")
    throw failed(spec, `invalid mount config for type "${type}": invalid specification: destination can't be '/'`);
  if (source !== undefined && !isBind) checkVolumeName(source);
  return {
    type,
    ...(source === undefined ? {} : { source: isBind ? cleanPath(source) : source }),
    destination: target,
    mode,
    writable: !modes.includes("ro"),
    propagation: isBind ? (modes.find((m) => propagations.has(m)) ?? "rprivate") : "",
    ...(isBind || given.driver === "" ? {} : { driver: given.driver }),
    detail: isBind
      ? { createSource: true }
      : { copyUp: !modes.includes("nocopy"), ...(source === undefined ? { anonymous: true } : {}) },
  };
}

function checkVolumeName(name: string): void {
  if (volumeName.test(name)) return;
  throw invalid(
    name.length === 1
      ? `create ${name}: volume name is too short, names should be at least two alphanumeric characters`
      : `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  );
}

/** A volume of the image's or of `-v /path`. */
export function anonymousVolume(destination: string, driver: string): PlannedMount {
  return {
    type: "volume",
    // Below the root, wherever it is: moby joins it to "/".
    destination: cleanPath(destination),
    mode: "",
    writable: true,
    propagation: "",
    ...(driver === "" ? {} : { driver }),
    detail: { copyUp: true, anonymous: true },
  };
}

/** Go's filepath.IsLocal: a path that names something below where it starts. */
function isLocal(path: string): boolean {
  if (path === "" || path.startsWith("/")) return false;
  let depth = 0;
  return path.split("/").every((part) => {
    if (part === "..") depth--;
    else if (part !== "" && part !== ".") depth++;
    return depth >= 0;
  });
}

/** `--mount`, the API's Mount. */
export function parseMount(mount: MountRequest): PlannedMount {
  const wrong = (reason: string): EngineError => invalid(`invalid mount config for type "${mount.Type}": ${reason}`);
  const { Source: source = "", Target } = mount;
  if (Target === "") throw wrong("field Target must not be empty");
  if (!Target.startsWith("/")) throw wrong(`invalid mount path: '${Target}' mount path must be absolute`);
  const destination = cleanPath(Target);
  if (destination === "/") throw wrong("invalid specification: destination can't be '/'");
  const base = { destination, mode: "", writable: mount.ReadOnly !== true, propagation: "" };
  const reject = (field: "BindOptions" | "VolumeOptions" | "TmpfsOptions" | "ImageOptions"): void => {
    if (mount[field]) throw wrong(`field ${field} must not be specified`);
  };
  switch (mount.Type) {
    case "bind": {
      if (source === "") throw wrong("field Source must not be empty");
      if (!source.startsWith("/")) throw wrong(`invalid mount path: '${source}' mount path must be absolute`);
      for (const field of ["VolumeOptions", "ImageOptions", "TmpfsOptions"] as const) reject(field);
      const options = mount.BindOptions ?? {};
      const propagation = options.Propagation ?? "";
      if (propagation !== "" && !propagations.has(propagation)) throw wrong(`invalid propagation mode: ${propagation}`);
      return {
        ...base,
        type: "bind",
        source: cleanPath(source),
        propagation: propagation || "rprivate",
        detail: {
          fromMountsApi: true,
          createSource: options.CreateMountpoint === true,
          nonRecursive: options.NonRecursive === true,
        },
      };
    }
    case "volume": {
      for (const field of ["BindOptions", "ImageOptions", "TmpfsOptions"] as const) reject(field);
      if (source === "" && mount.ReadOnly === true)
        throw wrong("must not set ReadOnly mode when using anonymous volumes");
      if (source !== "") checkVolumeName(source);
      const { NoCopy, Subpath, Labels, DriverConfig } = mount.VolumeOptions ?? {};
      if (Subpath && source === "") throw wrong("must not set Subpath when using anonymous volumes");
      if (Subpath && !isLocal(Subpath)) throw wrong("subpath must be a relative path within the volume");
      return {
        ...base,
        type: "volume",
        mode: "z",
        ...(source === "" ? {} : { source }),
        ...(DriverConfig?.Name ? { driver: DriverConfig.Name } : {}),
        ...(DriverConfig?.Options ? { driverOptions: DriverConfig.Options } : {}),
        ...(Labels ? { labels: Labels } : {}),
        detail: {
          fromMountsApi: true,
          copyUp: NoCopy !== true,
          ...(source === "" ? { anonymous: true } : {}),
          ...(Subpath ? { subpath: Subpath } : {}),
        },
      };
    }
    case "tmpfs": {
      if (source !== "") throw wrong("field Source must not be specified");
      for (const field of ["BindOptions", "ImageOptions", "VolumeOptions"] as const) reject(field);
      const { SizeBytes, Mode, Options } = mount.TmpfsOptions ?? {};
      const options = [
        ...(mount.ReadOnly === true ? ["ro"] : []),
        ...(Mode === undefined ? [] : [`mode=${Mode.toString(8)}`]),
        ...(SizeBytes === undefined ? [] : [`size=${SizeBytes}`]),
        ...(Options ?? []).map((pair) => pair.join("=")),
      ];
      return { ...base, type: "tmpfs", detail: { fromMountsApi: true, tmpfsOptions: options.join(",") } };
    }
    case "image": {
      for (const field of ["BindOptions", "VolumeOptions", "TmpfsOptions"] as const) reject(field);
      if (source === "") throw wrong("field Source must not be empty");
      const { Subpath = "" } = mount.ImageOptions ?? {};
      if (Subpath !== "" && !isLocal(Subpath)) throw wrong("subpath must be a relative path within the volume");
      return {
        ...base,
        type: "image",
        source,
        writable: false,
        propagation: "rprivate",
        detail: { fromMountsApi: true, ...(Subpath === "" ? {} : { subpath: Subpath }) },
      };
    }
    default:
      throw wrong("mount type unknown");
  }
}

/** "container[:ro|rw]" of --volumes-from. */
export function parseVolumesFrom(spec: string): { readonly container: string; readonly mode: string } {
  if (spec === "") throw invalid("malformed volumes-from specification: ''");
  const [container = "", mode = ""] = spec.split(":", 2);
  if (mode !== "" && !["ro", "rw", "z", "Z"].includes(mode)) throw invalid(`invalid mode: ${mode}`);
  return { container, mode };
}
