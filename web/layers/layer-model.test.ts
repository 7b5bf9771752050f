import { describe, expect, it } from "vitest";
import type { LayerFile } from "../../worker/protocol/index.ts";
import { compareImages, upTo } from "./compare-model.ts";
import { instructionOf, layersOf, treeOf, wasteOf } from "./layer-model.ts";

const file = (path: string, size: number, change: LayerFile["change"] = "added"): LayerFile => ({
  path,
  size,
  change,
  type: "file",
  mode: 0o644,
});
const item = (CreatedBy: string, Size: number) => ({ Id: "", Created: 0, CreatedBy, Size, Tags: null, Comment: "" });

describe("an image's layers", () => {
  it("shows instructions as somebody wrote them", () => {
    expect(instructionOf('/bin/sh -c #(nop)  CMD ["sh"]')).toBe('CMD ["sh"]');
    expect(instructionOf("RUN /bin/sh -c make all # buildkit")).toBe("RUN make all");
    expect(instructionOf("/bin/sh -c apt-get update")).toBe("RUN apt-get update");
    expect(instructionOf("COPY . /app # buildkit")).toBe("COPY . /app");
  });

  it("matches instructions with the layers that they made", () => {
    const history = [
      item("CMD x", 0),
      item("RUN make", 10),
      item("WORKDIR /app", 0),
      item("ENV A=b", 0),
      item("ADD rootfs /", 50),
    ];
    expect(layersOf(history, 2).map(({ index }) => index)).toEqual([undefined, 1, undefined, undefined, 0]);
    expect(layersOf(history, 3).map(({ index }) => index)).toEqual([undefined, 2, 1, undefined, 0]);
  });

  it("counts bytes that a later layer replaces or removes, directories with what is in them", () => {
    const waste = wasteOf([
      { index: 0, diffId: "a", files: [file("etc/passwd", 100), file("cache/a", 10), file("cache/b", 20)] },
      {
        index: 1,
        diffId: "b",
        files: [file("etc/passwd", 120, "changed"), { ...file("cache", 0, "removed"), type: "directory" }],
      },
    ]);
    expect(waste.map(({ path, bytes, cause }) => [path, bytes, cause])).toEqual([
      ["etc/passwd", 100, "changed"],
      ["cache/b", 20, "removed"],
      ["cache/a", 10, "removed"],
    ]);
  });

  it("builds the tree of what matches a filter, directories first", () => {
    const tree = treeOf([file("b.txt", 1), file("dir/a.txt", 1), file("dir/other", 1)], "a.txt");
    expect(tree.map(({ name }) => name)).toEqual(["dir"]);
    expect(tree[0]?.children.map(({ path }) => path)).toEqual(["dir/a.txt"]);
  });

  it("tells what differs between two images, and takes a layer of both for the same", () => {
    const base = { index: 0, diffId: "base", files: [file("etc/passwd", 100), file("bin/sh", 10)] };
    const { changes } = compareImages(
      [base, { index: 1, diffId: "a", files: [file("app.py", 5), file("old.py", 3)] }],
      [
        base,
        { index: 1, diffId: "b", files: [file("app.py", 6), file("new.py", 1), file("etc/passwd", 0, "removed")] },
      ],
    );
    expect(changes.map(({ path, change }) => [path, change])).toEqual([
      ["app.py", "changed"],
      ["etc/passwd", "removed"],
      ["new.py", "added"],
      ["old.py", "removed"],
    ]);
  });

  it("compares two heights of one image, and knows that equal sizes tell nothing", () => {
    const layers = [
      { index: 0, diffId: "a", files: [file("etc/motd", 5), file("app.conf", 8)] },
      { index: 1, diffId: "b", files: [file("app.conf", 8), file("new", 1)] },
      { index: 2, diffId: "c", files: [file("new", 0, "removed")] },
    ];
    const { changes, unsure } = compareImages(upTo(layers, 0), upTo(layers, 1));
    expect(changes.map(({ path, change }) => [path, change])).toEqual([["new", "added"]]);
    expect(unsure.map(({ path, before, after }) => [path, before.layer, after.layer])).toEqual([["app.conf", 0, 1]]);
    expect(compareImages(upTo(layers, 0), upTo(layers, undefined)).changes).toEqual([]);
  });
});
