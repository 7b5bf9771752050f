/**
 * What guest-image/agent/protocol.def says, for the host's side of the channel; a test compares the two. See there for the
 * frames' layout and for the meaning of the fields.
 */
import type { GuestStage, Op } from "../engine/ports/guest.ts";

export const PROTOCOL_VERSION = 1;
export const HEADER_OUT = 12;
export const HEADER_IN = 16;
/** Larger frames the agent does not take, or does not send. */
export const FRAME_MAX_OUT = 8 << 20;
export const FRAME_MAX_IN = 48 << 20;
/** Bytes of one stream that may be under way: from the guest, and to it. */
export const WINDOW_IN = 256 << 10;
export const WINDOW_OUT = 64 << 10;

export const hostFrames = {
  hello: 1,
  batch: 2,
  spawn: 3,
  resize: 4,
  openRead: 5,
  openWrite: 6,
  connect: 7,
  listen: 8,
  datagram: 9,
  closeListener: 10,
  callSetRaw: 11,
  callSize: 12,
  callExit: 13,
  zeroFreeMemory: 14,
  watch: 15,
  data: 32,
  end: 33,
  credit: 34,
  reset: 35,
} as const;
export type HostFrame = keyof typeof hostFrames;

export const guestFrames = {
  ready: 64,
  ack: 65,
  result: 66,
  error: 67,
  exit: 68,
  accepted: 69,
  call: 70,
  callSignal: 71,
  guestData: 96,
  guestEnd: 97,
  guestCredit: 98,
  guestReset: 99,
} as const;

/** In the order of their numbers. */
export const stages = [
  "prepare",
  "clone",
  "namespaces",
  "setup",
  "terminal",
  "user",
  "limits",
  "capabilities",
  "seccomp",
  "cwd",
  "exec",
  "batch",
  "socket",
  "channel",
] as const satisfies readonly GuestStage[];

/** An operation's number and the letters of its fields. */
export const operations = {
  mkdir: [1, "suuub"],
  write: [2, "sduuub"],
  read: [3, "squ"],
  list: [4, "s"],
  walk: [5, "su"],
  stat: [6, "sb"],
  statfs: [7, "s"],
  unlink: [8, "s"],
  rmdir: [9, "s"],
  removeTree: [10, "s"],
  rename: [11, "ss"],
  symlink: [12, "ssuu"],
  link: [13, "ss"],
  readlink: [14, "s"],
  chmod: [15, "su"],
  chown: [16, "suub"],
  utimes: [17, "squb"],
  truncate: [18, "sq"],
  mknod: [19, "suuuuu"],
  setxattr: [20, "ssd"],
  copyTree: [21, "ss"],
  mount: [22, "sssus"],
  umount: [23, "sb"],
  pivotRoot: [24, "s"],
  chdir: [25, "s"],
  setHostname: [26, "s"],
  setDomainname: [27, "s"],
  createNetworkNamespace: [28, "s"],
  netlink: [29, "sud"],
  addPartition: [30, "suqq"],
  removePartition: [31, "su"],
  attachDeviceProgram: [32, "sd"],
  kill: [33, "uu"],
  sync: [34, ""],
} as const satisfies Readonly<Record<Op["op"], readonly [number, string]>>;

export const resultTags = { none: 0, bytes: 1, entries: 2, tree: 3, stat: 4, statfs: 5, text: 6 } as const;
