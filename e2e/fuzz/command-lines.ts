/** Command lines, typed in a folder of the machine: each ends by itself or when it is interrupted, with an exit code and Docker's words. */
import { capture } from "../../worker/cli/capture.ts";
import { type CliFiles, FileError } from "../../worker/cli/invocation.ts";
import { guestFiles } from "../../worker/commands/guest-files.ts";
import { commandLines } from "./inputs/command-lines.ts";
import type { Playground } from "./playground.ts";
import { property } from "./property.ts";
import { must, mustSpeak } from "./words.ts";

const folder = "/fuzz";
const interrupt = 2;
/** Milliseconds between a command's beginning and each ^C; a third one ends whatever still waits. */
const patience = 1500;

/** The machine's files, of which only the folder's may be touched: its owner may do anything, and a hostile line would. */
function confined(files: CliFiles): CliFiles {
  const check = (path: string): void => {
    const inside = path === folder || path.startsWith(`${folder}/`);
    if (!inside || path.includes("/../") || path.endsWith("/..") || path.length > 4000)
      throw new FileError("EACCES", path, `open ${path}: permission denied`);
  };
  const guarded = <A extends readonly unknown[], R>(act: (path: string, ...rest: A) => R) =>
    ((path: string, ...rest: A): R => {
      check(path);
      return act(path, ...rest);
    }) as (path: string, ...rest: A) => R;
  return {
    stat: guarded(files.stat),
    read: async (path) => await guarded(files.read)(path),
    open: guarded(files.open),
    create: guarded(files.create),
    mkdir: async (path, options) => await guarded(files.mkdir)(path, options),
    symlink: async (target, path) => await guarded((at) => files.symlink(target, at))(path),
    remove: async (path) => await guarded(files.remove)(path),
    chmod: async (path, mode) => await guarded(files.chmod)(path, mode),
    walk: async (path) => await guarded(files.walk)(path),
  };
}

async function writeFolder(files: CliFiles): Promise<void> {
  const write = async (path: string, text: string): Promise<void> => {
    const writer = files.create(`${folder}/${path}`).getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  };
  await files.mkdir(`${folder}/folder`, { parents: true });
  await write("file", "A=b\n# c\n=\n");
  await write("folder/Dockerfile", "FROM busybox\nCOPY . /x\n");
  await write("folder/compose.yaml", "services: { web: { image: busybox } }\n");
  await write("archive.tar", "no archive");
}

async function typed(args: readonly string[], { engine }: Playground) {
  const files = guestFiles(engine.guest, { uid: 0, gid: 0 });
  await files.remove(folder).catch(() => undefined);
  await writeFolder(files);
  const signals = new TransformStream<number, number>();
  const keys = signals.writable.getWriter();
  const press = setInterval(() => void keys.write(interrupt).catch(() => undefined), patience);
  try {
    return await capture((invocation) => engine.docker({ ...invocation, signals: signals.readable }), args, {
      cwd: folder,
      env: { HOME: folder },
      files: confined(files),
      stdin: "FROM busybox\n",
    });
  } finally {
    clearInterval(press);
  }
}

export const commandLinesProperty = property({
  name: "command-lines",
  inputs: commandLines,
  async holds(args, playground) {
    const { code, stderr } = await typed(args, playground);
    must(Number.isInteger(code) && code >= 0 && code < 256, `exit code ${code}`);
    const line = args.join(" ");
    mustSpeak(stderr, line + unescape(line));
  },
  show: (args) => JSON.stringify(["docker", ...args]),
});
