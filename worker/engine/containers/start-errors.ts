/** What the guest refused, in the words of runc, containerd and dockerd (28.5), with the exit code that `docker run` gives for it. */
import { EngineError } from "../errors.ts";
import { GuestError } from "../ports/guest.ts";

const texts: Readonly<Record<string, string>> = {
  EPERM: "operation not permitted",
  ENOENT: "no such file or directory",
  EIO: "input/output error",
  ENXIO: "no such device or address",
  E2BIG: "argument list too long",
  ENOEXEC: "exec format error",
  ENOMEM: "cannot allocate memory",
  EACCES: "permission denied",
  EBUSY: "device or resource busy",
  EEXIST: "file exists",
  ENODEV: "no such device",
  ENOTDIR: "not a directory",
  EISDIR: "is a directory",
  EINVAL: "invalid argument",
  ENOSPC: "no space left on device",
  EROFS: "read-only file system",
  ELOOP: "too many levels of symbolic links",
  EAGAIN: "resource temporarily unavailable",
  ENAMETOOLONG: "file name too long",
  EOPNOTSUPP: "operation not supported",
};
export function errnoText(errno: string): string {
  return texts[errno] ?? errno;
}

export interface StartFailure {
  readonly error: EngineError;
  /** ExitCode of the container: 127 not found, 126 not executable, 128 otherwise (daemon/start.go, setExitCodeFromError). */
  readonly exitCode: number;
}

interface Reason {
  readonly text: string;
  readonly exitCode: number;
  /** dockerd itself finds users and groups, before any runtime. */
  readonly daemon?: boolean;
}

const isOutOfRange = (id: string): boolean => /^-?\d+$/.test(id) && (Number(id) < 0 || Number(id) > 2 ** 31 - 1);

function reason(error: GuestError, command: string, cwd: string, user: string): Reason {
  const { errno } = error;
  switch (error.stage) {
    case "exec": {
      const quoted = `exec: ${JSON.stringify(command)}: `;
      if (errno === "ENOENT" || errno === "ENOTDIR")
        return {
          text: command.includes("/")
            ? `${quoted}stat ${command}: ${errnoText(errno)}`
            : `${quoted}executable file not found in $PATH`,
          exitCode: 127,
        };
      if (errno === "EACCES" || errno === "EISDIR" || errno === "EPERM")
        return { text: `${quoted}permission denied`, exitCode: 126 };
      return { text: `exec ${command}: ${errnoText(errno)}`, exitCode: 126 };
    }
    case "cwd":
      return {
        text: `chdir to cwd (${JSON.stringify(cwd)}) set in config.json failed: ${errnoText(errno)}`,
        exitCode: errno === "EACCES" ? 126 : 127,
      };
    case "user": {
      const [name = "", group = ""] = user.split(":");
      if ([name, group].some(isOutOfRange))
        return { text: "uids and gids must be in range 0-2147483647", exitCode: 126, daemon: true };
      // Groups of --group-add are looked up, too.
      const isGroup = error.operation === "group" || (error.path !== undefined && error.path !== name);
      return {
        text: isGroup
          ? `unable to find group ${error.path ?? group}: no matching entries in group file`
          : `unable to find user ${error.path ?? name}: no matching entries in passwd file`,
        exitCode: 126,
        daemon: true,
      };
    }
    case "prepare":
    case "setup":
      if (error.operation === "mkdir" && error.path === cwd && (errno === "EEXIST" || errno === "ENOTDIR"))
        return { text: `Cannot mkdir: ${cwd} is not a directory`, exitCode: 128, daemon: true };
      if (error.operation === "mount")
        return { text: `error mounting to rootfs at "${error.path ?? ""}": ${errnoText(errno)}`, exitCode: 128 };
      if (error.path?.startsWith("/proc/sys/"))
        return { text: `error during container init: open ${error.path}: ${errnoText(errno)}`, exitCode: 128 };
      return { text: `${error.operation} ${error.path ?? ""}: ${errnoText(errno)}`, exitCode: 128 };
    default:
      return { text: `${error.stage}: ${error.message}`, exitCode: 128 };
  }
}

export function startFailure(error: unknown, command: string, cwd: string, user: string): StartFailure {
  if (error instanceof EngineError) return { error, exitCode: 128 };
  if (!(error instanceof GuestError))
    return {
      error: new EngineError("system", String((error as Error)?.message ?? error), { cause: error }),
      exitCode: 128,
    };
  const why = reason(error, command, cwd, user);
  const message = why.daemon
    ? why.text
    : `failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${why.text}`;
  // dockerd answers 400 to what the image's or the user's command line got wrong, 500 to the rest.
  const kind = error.stage === "exec" || error.stage === "cwd" ? "invalidParameter" : "system";
  return {
    error: new EngineError(kind, message, { cause: error }),
    exitCode: why.daemon ? 128 : why.exitCode,
  };
}

export function execFailure(error: unknown, command: string, cwd: string, user: string): StartFailure {
  if (!(error instanceof GuestError)) return startFailure(error, command, cwd, user);
  const why = reason(error, command, cwd, user);
  const message = why.daemon
    ? why.text
    : `OCI runtime exec failed: exec failed: unable to start container process: ${why.text}`;
  const kind = error.stage === "exec" || error.stage === "cwd" ? "invalidParameter" : "system";
  return { error: new EngineError(kind, message, { cause: error }), exitCode: why.exitCode };
}
