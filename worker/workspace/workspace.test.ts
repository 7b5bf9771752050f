import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryFiles } from "../storage/memory-files.ts";
import { JournalRecordStore } from "../storage/records.ts";
import { MessageReader, MessageWriter } from "./ninep/codec.ts";
import { NinepServer } from "./ninep/server.ts";
import { persistTree } from "./persist.ts";
import { FileTree, TreeError } from "./tree.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** A client that sends one message and reads its answer. */
function client(tree: FileTree) {
  const server = new NinepServer(tree);
  const call = (kind: number, write: (w: MessageWriter) => void): { kind: number; body: MessageReader } => {
    const message = new MessageWriter();
    write(message);
    let answer = new Uint8Array(0);
    server.handle(message.finish(kind, 1), (reply) => {
      answer = Uint8Array.from(reply);
    });
    return { kind: answer[4] ?? 0, body: new MessageReader(answer.subarray(7)) };
  };
  call(100, (w) => w.u32(65536).string("9P2000.L"));
  call(104, (w) => w.u32(0).u32(0xffffffff).string("").string("").u32(0));
  const walk = (fid: number, ...names: string[]) =>
    call(110, (w) => {
      w.u32(0).u32(fid).u16(names.length);
      for (const name of names) w.string(name);
    });
  return { server, call, walk };
}

describe("the workspace over 9p", () => {
  it("answers longer than the buffer it began with", () => {
    const long = new MessageWriter().u32(5000).raw(new Uint8Array(5000).fill(7)).finish(117, 1);
    const body = new MessageReader(long.subarray(7));
    expect(body.raw(body.u32())).toEqual(new Uint8Array(5000).fill(7));
  });

  it("creates, writes, reads back and lists a file that the page then sees", () => {
    const tree = new FileTree(() => 1000);
    const { call, walk } = client(tree);
    walk(1);
    expect(call(14, (w) => w.u32(1).string("app.py").u32(2).u32(0o644).u32(1000)).kind).toBe(15);
    expect(call(118, (w) => w.u32(1).u64(0).u32(5).raw(bytes("print"))).body.u32()).toBe(5);
    expect(text(tree.read(tree.find("app.py") ?? tree.root, 0, 100))).toBe("print");
    tree.writeFile("app.py", bytes("hi"));
    const { body } = call(116, (w) => w.u32(1).u64(0).u32(100));
    expect(text(body.raw(body.u32()))).toBe("hi");
    walk(2);
    const list = call(40, (w) => w.u32(2).u64(0).u32(8192)).body;
    expect(text(list.raw(list.u32()))).toContain("app.py");
  });

  it("answers a missing name with ENOENT and a walk half-way with what it found", () => {
    const tree = new FileTree(() => 0);
    tree.makeDirectory("a/b");
    const { walk } = client(tree);
    const missing = walk(5, "nothing");
    expect([missing.kind, missing.body.u32()]).toEqual([7, 2]);
    expect(walk(6, "a", "nothing").body.u16()).toBe(1);
  });

  it("renames over a file, refuses to move a directory into itself, and removes only empty directories", () => {
    const tree = new FileTree(() => 0);
    tree.writeFile("one", bytes("1"));
    tree.writeFile("two", bytes("22"));
    tree.makeDirectory("d/e");
    const { call, walk } = client(tree);
    walk(1);
    expect(call(74, (w) => w.u32(1).string("one").u32(1).string("two")).kind).toBe(75);
    expect(tree.find("one")).toBeUndefined();
    expect(tree.bytes).toBe(1);
    walk(2, "d", "e");
    expect(call(74, (w) => w.u32(1).string("d").u32(2).string("d")).body.u32()).toBe(22);
    expect(call(76, (w) => w.u32(1).string("d").u32(0x200)).body.u32()).toBe(39);
  });

  it("goes on with its open files after a snapshot", () => {
    const tree = new FileTree(() => 0);
    tree.writeFile("notes/today", bytes("kept"));
    const first = client(tree);
    first.walk(3, "notes", "today");
    const second = client(tree);
    second.server.importState(first.server.exportState());
    const { body } = second.call(116, (w) => w.u32(3).u64(0).u32(10));
    expect(text(body.raw(body.u32()))).toBe("kept");
  });

  it("is put back to an instant: names, contents, what is open though it was removed; and tells what differs", () => {
    const tree = new FileTree(() => 7);
    tree.writeFile("kept/a", bytes("one"));
    tree.writeFile("open", bytes("still here"));
    const { server, call, walk } = client(tree);
    walk(1, "open");
    walk(2, "kept", "a");
    tree.unlink(tree.root, "open");
    const image = server.capture();
    tree.writeFile("kept/a", bytes("two!"));
    tree.writeFile("new/b", bytes("x"));
    tree.rename(tree.root, "kept", tree.root, "moved");
    call(120, (w) => w.u32(1));
    const told: string[] = [];
    tree.subscribe((change) => {
      if (change.kind === "entry") told.push(`${change.node === undefined ? "-" : "+"}${change.name}`);
    });
    server.putBack(image);
    expect(told).toEqual(["-new", "-moved", "+kept", "+a"]);
    expect(tree.find("kept/a")?.size).toBe(3);
    expect(tree.find("new")).toBeUndefined();
    expect(tree.bytes).toBe(3);
    const { body } = call(116, (w) => w.u32(1).u64(0).u32(100));
    expect(text(body.raw(body.u32()))).toBe("still here");
    // What is written now does not reach into the image.
    call(118, (w) => w.u32(2).u64(0).u32(3).raw(bytes("ONE")));
    expect(text(tree.read(tree.find("kept/a") ?? tree.root, 0, 9))).toBe("ONE");
    server.putBack(image);
    expect(text(tree.read(tree.find("kept/a") ?? tree.root, 0, 9))).toBe("one");
  });

  it("survives any bytes: an answer to each message, and a tree that is still whole", () => {
    const tree = new FileTree(() => 0);
    const { server } = client(tree);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 130 }), (body, kind) => {
        const message = new MessageWriter().raw(body).finish(kind, 3);
        let answers = 0;
        server.handle(message, () => answers++);
        return answers === 1;
      }),
      { numRuns: 3000 },
    );
  });

  it("refuses paths that lead out of it", () => {
    const tree = new FileTree(() => 0);
    for (const path of ["../x", "/etc/passwd", "a/../../b", `a/${"n".repeat(300)}`])
      expect(() => tree.writeFile(path, bytes(""))).toThrow(TreeError);
  });
});

describe("a stored workspace", () => {
  it("comes back with contents, modes, links and deletions", async () => {
    const files = new MemoryFiles();
    const first = await persistTree(await JournalRecordStore.open(files), files, () => 5000);
    first.tree.writeFile("src/app.py", bytes("print(1)"), 0o755);
    first.tree.writeFile("gone", bytes("x"));
    first.tree.unlink(first.tree.root, "gone");
    first.tree.rename(first.tree.root, "src", first.tree.root, "lib");
    await first.flush();
    const second = await persistTree(await JournalRecordStore.open(files), files, () => 9000);
    const node = second.tree.find("lib/app.py");
    expect(text(node === undefined ? bytes("") : second.tree.read(node, 0, 99))).toBe("print(1)");
    expect(node?.mode).toBe(0o100755);
    expect(node?.mtime).toBe(5000);
    expect(second.tree.find("gone")).toBeUndefined();
    expect((await files.list("workspace")).length).toBe(1);
  });

  it("is durable as it was put back", async () => {
    const files = new MemoryFiles();
    const first = await persistTree(await JournalRecordStore.open(files), files, () => 5000);
    const server = new NinepServer(first.tree);
    first.tree.writeFile("a/b", bytes("one"));
    first.tree.writeFile("c", bytes("see"));
    const image = server.capture();
    first.tree.writeFile("a/b", bytes("other"));
    first.tree.unlink(first.tree.root, "c");
    first.tree.writeFile("d", bytes("new"));
    await first.flush();
    server.putBack(image);
    await first.flush();
    const second = await persistTree(await JournalRecordStore.open(files), files, () => 9000);
    const read = (path: string) => text(second.tree.read(second.tree.find(path) ?? second.tree.root, 0, 99));
    expect([read("a/b"), read("c")]).toEqual(["one", "see"]);
    expect(second.tree.find("d")).toBeUndefined();
  });
});
