/**
 * The port through which the engine asks a Linux kernel to act. The agent client implements it over the machine's
 * console channel, the fake in ./testing for unit tests. It speaks of system calls and processes, never of Docker.
 *
 * Paths are absolute in the guest. Byte strings are UTF-8. Errors are {@link GuestError}: an errno, the operation, the path.
 */

export type Namespace = "mount" | "pid" | "network" | "uts" | "ipc" | "cgroup" | "user" | "time";

/** An errno's name, such as "ENOENT". Unknown numbers come as "E<number>". */
export type Errno = `E${string}`;

interface OpBase {
  /** Errors that count as success (the operation's result is then `undefined`). "*" ignores all. */
  readonly ignore?: readonly (Errno | "*")[];
  /** In `setup`: the path (of a mount: its target, not its source) is resolved as after chroot(root); links never lead out of it. */
  readonly root?: string;
}

/** One system call (or a short fixed series of them). The kinds are closed: the agent refuses others with ENOSYS. */
export type Op = OpBase &
  (
    | {
        readonly op: "mkdir";
        readonly path: string;
        readonly mode?: number;
        readonly uid?: number;
        readonly gid?: number /** Like `mkdir -p`; an existing directory is no error. */;
        readonly parents?: boolean;
      }
    /** Creates or replaces a regular file, or with `append` adds to it. `create: false` opens an existing file only (cgroup and sysctl files). */
    | {
        readonly op: "write";
        readonly path: string;
        readonly data: string | Uint8Array;
        readonly mode?: number;
        readonly uid?: number;
        readonly gid?: number;
        readonly append?: boolean;
        readonly create?: boolean;
      }
    /** Result: bytes, at most `limit` (default 1 MiB) from `offset`. Never blocks on a FIFO or a terminal. */
    | { readonly op: "read"; readonly path: string; readonly offset?: number; readonly limit?: number }
    /** Result: {@link DirectoryEntry}[] of one directory. */
    | { readonly op: "list"; readonly path: string }
    /** Result: {@link TreeEntry}[] of the whole tree below and including `path`, parents first, symbolic links not followed, one file system only. */
    | { readonly op: "walk"; readonly path: string; readonly limit?: number }
    /** Result: {@link FileStat}. */
    | { readonly op: "stat"; readonly path: string; readonly follow?: boolean }
    | { readonly op: "statfs"; readonly path: string }
    | { readonly op: "unlink"; readonly path: string }
    | { readonly op: "rmdir"; readonly path: string }
    /** Removes a tree without following links or leaving its file system. A missing path is no error. */
    | { readonly op: "removeTree"; readonly path: string }
    | { readonly op: "rename"; readonly from: string; readonly to: string }
    | {
        readonly op: "symlink";
        readonly target: string;
        readonly path: string;
        readonly uid?: number;
        readonly gid?: number;
      }
    | { readonly op: "link"; readonly from: string; readonly to: string }
    | { readonly op: "readlink"; readonly path: string }
    | { readonly op: "chmod"; readonly path: string; readonly mode: number }
    | {
        readonly op: "chown";
        readonly path: string;
        readonly uid: number;
        readonly gid: number;
        readonly follow?: boolean;
      }
    | { readonly op: "utimes"; readonly path: string; readonly mtime: number; readonly follow?: boolean }
    | { readonly op: "truncate"; readonly path: string; readonly size: number }
    | {
        readonly op: "mknod";
        readonly path: string;
        readonly type: "char" | "block" | "fifo";
        readonly major?: number;
        readonly minor?: number;
        readonly mode: number;
        readonly uid?: number;
        readonly gid?: number;
      }
    | { readonly op: "setxattr"; readonly path: string; readonly name: string; readonly value: Uint8Array }
    /** Copies a tree (owners, modes, times, xattrs, links, devices); `from` a directory: its content goes into `to`. */
    | { readonly op: "copyTree"; readonly from: string; readonly to: string }
    /** `flags` are MS_* names in lower case without the prefix, as in mount(8): "bind", "rec", "ro", "nosuid", "private", "remount" … */
    | {
        readonly op: "mount";
        readonly source: string;
        readonly target: string;
        readonly type?: string;
        readonly flags?: readonly MountFlag[];
        readonly data?: string;
      }
    | { readonly op: "umount"; readonly path: string; readonly detach?: boolean }
    /** pivot_root(root, root) and detaching of the old root; afterwards "/" is `path`. */
    | { readonly op: "pivotRoot"; readonly path: string }
    | { readonly op: "chdir"; readonly path: string }
    | { readonly op: "setHostname"; readonly name: string }
    | { readonly op: "setDomainname"; readonly name: string }
    /** Makes a new network namespace with `lo` up and binds it at `path` (a file that the agent creates). */
    | { readonly op: "createNetworkNamespace"; readonly path: string }
    /** Sends rtnetlink or nfnetlink messages in the namespace bound at `namespace` (absent: the machine's). Result: the bytes of all answers. Fails with the errno of the first NLMSG_ERROR unless ignored. */
    | {
        readonly op: "netlink";
        readonly protocol: "route" | "netfilter" | "sock_diag";
        readonly messages: Uint8Array;
        readonly namespace?: string;
      }
    /** BLKPG_ADD_PARTITION: bytes `start`…`start+length` (multiples of 512) of `device` become partition `number`. */
    | {
        readonly op: "addPartition";
        readonly device: string;
        readonly number: number;
        readonly start: number;
        readonly length: number;
      }
    | { readonly op: "removePartition"; readonly device: string; readonly number: number }
    /** Loads a cgroup v2 device program (BPF instructions, 8 bytes each) and attaches it to the cgroup at `path`. */
    | { readonly op: "attachDeviceProgram"; readonly path: string; readonly program: Uint8Array }
    | { readonly op: "kill"; readonly pid: number; readonly signal: number }
    | { readonly op: "sync" }
  );

export type MountFlag =
  | "bind"
  | "rec"
  | "ro"
  | "rw"
  | "nosuid"
  | "nodev"
  | "noexec"
  | "remount"
  | "noatime"
  | "relatime"
  | "strictatime"
  | "nodiratime"
  | "private"
  | "slave"
  | "shared"
  | "unbindable"
  | "move"
  | "silent"
  | "lazytime"
  | "sync"
  | "dirsync";

export interface FileStat {
  readonly type: "file" | "directory" | "symlink" | "char" | "block" | "fifo" | "socket";
  /** Permission bits with setuid, setgid and sticky: 0…0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970, with a fraction. */
  readonly mtime: number;
  readonly inode: number;
  readonly links: number;
  readonly device: number;
  readonly major: number;
  readonly minor: number;
}
export interface DirectoryEntry {
  readonly name: string;
  readonly type: FileStat["type"];
}
export interface TreeEntry extends FileStat {
  /** Relative to the walked path; "" is the path itself. */
  readonly path: string;
  readonly linkTarget?: string;
  /** Of trusted.overlay.*, security.capability and user.*. */
  readonly xattrs: Readonly<Record<string, Uint8Array>>;
}
export interface FileSystemStat {
  readonly blockSize: number;
  readonly blocks: number;
  readonly free: number;
  readonly files: number;
  readonly filesFree: number;
}
/** By op kind: bytes, entries, stat, string (readlink), bytes (netlink); `undefined` for the rest. */
export type OpResult =
  | Uint8Array
  | readonly DirectoryEntry[]
  | readonly TreeEntry[]
  | FileStat
  | FileSystemStat
  | string
  | undefined;

/** Where a batch resolves its paths. Both: the mount namespace first, then the root in it. Symbolic links never lead out of `root`. */
export interface BatchContext {
  /** The mount namespace of this process. */
  readonly pid?: number;
  /** As after chroot(root). */
  readonly root?: string;
}

export interface ProcessSpec {
  /** argv[0] is looked up in PATH of `env` (in the process's root) unless it has a slash. */
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  /** As Docker's USER: "", "name", "uid", "name:group", "uid:gid"; looked up in the root's /etc/passwd and /etc/group after `setup`. HOME is set from there when `env` has none. */
  readonly user: string;
  readonly additionalGroups?: readonly string[];
  readonly stdio: Stdio;
  /** Namespaces made for the process. */
  readonly unshare?: readonly Namespace[];
  /** Namespaces of another process to enter, by setns of its pidfd. */
  readonly join?: { readonly pid: number; readonly namespaces: readonly Namespace[] }[];
  /** Namespaces bound at paths to enter. */
  readonly joinPaths?: readonly { readonly namespace: Namespace; readonly path: string }[];
  /** With "user" in `unshare`: lines of uid_map and gid_map. */
  readonly uidMap?: string;
  readonly gidMap?: string;
  /** Directory of a cgroup v2 that the process is created in (CLONE_INTO_CGROUP). */
  readonly cgroup?: string;
  /** Run by the agent before the process exists, in the machine's own namespaces. */
  readonly prepare?: readonly Op[];
  /** Run by the new process in its namespaces, as root, before it drops privileges. */
  readonly setup?: readonly Op[];
  readonly capabilities?: Capabilities;
  readonly noNewPrivileges?: boolean;
  /** Instructions of a classic BPF seccomp filter (struct sock_filter, 8 bytes each). */
  readonly seccomp?: Uint8Array;
  readonly rlimits?: readonly { readonly type: RlimitName; readonly soft: number; readonly hard: number }[];
  readonly oomScoreAdj?: number;
  readonly umask?: number;
  /** Start in a session of its own without a controlling terminal even where `stdio` is no terminal (default true). */
  readonly newSession?: boolean;
}

/** `inside`: the terminal comes from the /dev/ptmx that the process sees after `setup` (a container's own devpts) and is bound on its /dev/console. */
export type Stdio =
  | { readonly kind: "terminal"; readonly rows: number; readonly columns: number; readonly inside?: boolean }
  | { readonly kind: "pipes" /** Without it, standard input is /dev/null. */; readonly stdin: boolean }
  | { readonly kind: "null" };

/** Masks of CAP_* bits as bigint; capability n is bit n. */
export interface Capabilities {
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
}
export type RlimitName =
  | "as"
  | "core"
  | "cpu"
  | "data"
  | "fsize"
  | "locks"
  | "memlock"
  | "msgqueue"
  | "nice"
  | "nofile"
  | "nproc"
  | "rss"
  | "rtprio"
  | "rttime"
  | "sigpending"
  | "stack";

export interface ExitStatus {
  /** Exit code, or 128 + signal as Docker reports it. */
  readonly code: number;
  readonly signal?: number;
}

export interface GuestProcess {
  /** Process id as the machine's own PID namespace sees it. */
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array> | undefined;
  /** Of a terminal: all output. */
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly stderr: ReadableStream<Uint8Array> | undefined;
  /** Settles when the process itself has ended; its output streams may still carry data. Never rejects, but when the machine is lost. */
  readonly exit: Promise<ExitStatus>;
  resize(rows: number, columns: number): Promise<void>;
}

export interface ByteDuplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

export type SocketAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

export interface Listener {
  readonly connections: ReadableStream<ByteDuplex>;
  close(): Promise<void>;
}

export interface Datagram {
  readonly host: string;
  readonly port: number;
  readonly data: Uint8Array;
}
export interface DatagramSocket {
  readonly readable: ReadableStream<Datagram>;
  readonly writable: WritableStream<Datagram>;
  close(): Promise<void>;
}

/** What the kernel tells of by itself: files (also mounts that cover them), processes that begin, change or end, TCP sockets that begin to listen. */
export type WatchedKind = "files" | "processes" | "listening";

export interface WatchSpec {
  /** Entries that are made, changed, renamed or removed. One that is not there yet is watched for by the nearest directory above it. */
  readonly files?: readonly { readonly path: string; readonly context?: BatchContext }[];
  readonly processes?: boolean;
  readonly listening?: boolean;
}

/** A program in the guest (the `docker` stub) that handed over its arguments and its own three file descriptors. */
export interface CommandCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly stdin: ReadableStream<Uint8Array>;
  readonly stdout: WritableStream<Uint8Array>;
  readonly stderr: WritableStream<Uint8Array>;
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  readonly size: { readonly rows: number; readonly columns: number };
  /** Signals that the program received (numbers), SIGWINCH included. */
  readonly signals: ReadableStream<number>;
  setRaw(on: boolean): Promise<void>;
  currentSize(): Promise<{ readonly rows: number; readonly columns: number }>;
  exit(code: number): Promise<void>;
}

export interface Guest {
  /** Runs the operations in order in one round trip; stops at the first that fails. */
  batch(ops: readonly Op[], context?: BatchContext): Promise<readonly OpResult[]>;
  /** Resolves when the process has executed its program; rejects with {@link GuestError} (`stage` says where) when it could not. */
  spawn(spec: ProcessSpec): Promise<GuestProcess>;
  /** Reads a file of any size, from `offset`. */
  readFile(path: string, context?: BatchContext, offset?: number): ReadableStream<Uint8Array>;
  /** Creates or replaces a file. */
  writeFile(
    path: string,
    options?: { readonly mode?: number; readonly uid?: number; readonly gid?: number; readonly context?: BatchContext },
  ): WritableStream<Uint8Array>;
  connect(address: SocketAddress, namespace?: string): Promise<ByteDuplex>;
  listen(
    address: SocketAddress,
    options?: { readonly namespace?: string; readonly mode?: number; readonly uid?: number; readonly gid?: number },
  ): Promise<Listener>;
  openDatagram(host: string, port: number, namespace?: string): Promise<DatagramSocket>;
  /** Watches from the moment it resolves. The stream has one item, the kinds that have changed, and ends; cancelled, nothing is watched any more. */
  watch(spec: WatchSpec): Promise<ReadableStream<ReadonlySet<WatchedKind>>>;
  /** Calls from programs in the guest; one subscriber. */
  readonly commands: ReadableStream<CommandCall>;
}

export type GuestStage =
  | "prepare"
  | "clone"
  | "namespaces"
  | "setup"
  | "terminal"
  | "user"
  | "limits"
  | "capabilities"
  | "seccomp"
  | "cwd"
  | "exec"
  | "batch"
  | "socket"
  | "channel";

/** What the kernel refused. `message` is "op path: strerror". */
export class GuestError extends Error {
  override readonly name = "GuestError";
  readonly errno: Errno;
  readonly stage: GuestStage;
  /** The operation's kind and its path, where there is one. */
  readonly operation: string;
  readonly path: string | undefined;
  /** Index of the failed operation in its list. */
  readonly index: number | undefined;
  constructor(fields: {
    errno: Errno;
    stage: GuestStage;
    operation: string;
    path?: string;
    index?: number;
    text?: string;
  }) {
    super(`${fields.operation}${fields.path === undefined ? "" : ` ${fields.path}`}: ${fields.text ?? fields.errno}`);
    this.errno = fields.errno;
    this.stage = fields.stage;
    this.operation = fields.operation;
    this.path = fields.path;
    this.index = fields.index;
  }
}
