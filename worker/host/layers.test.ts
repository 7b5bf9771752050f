import { describe, expect, it } from "vitest";
import { layerChanges, type SourceFile } from "./layers.ts";

const file = (path: string, change?: "deleted" | "opaque", type = "file"): SourceFile => ({
  path,
  type,
  size: 1,
  mode: 0o644,
  change,
});
const told = (layers: readonly (readonly SourceFile[])[]) =>
  layerChanges(layers).map((files) => files.map(({ path, change }) => `${change} ${path}`));

describe("what a layer does to those below", () => {
  it("adds, changes and removes, a directory with what is in it", () => {
    expect(
      told([
        [
          file("etc", undefined, "directory"),
          file("etc/passwd"),
          file("cache", undefined, "directory"),
          file("cache/a"),
        ],
        [file("etc/passwd"), file("new"), file("cache", "deleted", "char")],
        [file("cache", undefined, "directory"), file("cache/a")],
      ]),
    ).toEqual([
      ["added etc", "added etc/passwd", "added cache", "added cache/a"],
      ["changed etc/passwd", "added new", "removed cache"],
      ["added cache", "added cache/a"],
    ]);
  });

  it("takes what an opaque directory hides for removed, but for what it brings again", () => {
    expect(
      told([
        [file("dir", undefined, "directory"), file("dir/old"), file("dir/kept")],
        [file("dir", "opaque", "directory"), file("dir/kept")],
      ])[1],
    ).toEqual(["changed dir", "removed dir/old", "added dir/kept"]);
  });
});
