import { expect, test } from "vitest";
import { PackageIndex } from "./package-index.ts";
import { parseRelations, satisfies } from "./relations.ts";
import { requiredPackages, resolve } from "./resolve.ts";
import { packageStanza } from "./testing/make-deb.ts";
import { compareVersions } from "./version.ts";

const indexOf = (...packages: readonly Readonly<Record<string, string>>[]): PackageIndex =>
  new PackageIndex([packages.map(packageStanza).join("\n\n")]);

const names = (index: PackageIndex, wanted: readonly string[], options = {}): readonly string[] =>
  resolve(index, wanted, options).map(({ name }) => name);

test.each([
  ["1.0", "1.0", 0],
  ["1.0~rc1", "1.0", -1],
  ["1.10", "1.9", 1],
  ["1:0.1", "2.0", 1],
  ["1.0-1", "1.0-1+deb12u1", -1],
  ["1.0", "1.0-0", 0],
  ["2.36-9+deb12u14", "2.36-9+deb12u9", 1],
  ["1.0a", "1.0+", -1],
  ["00012", "12", 0],
])("version %s against %s", (a, b, order) => {
  expect(Math.sign(compareVersions(a, b))).toBe(order);
  expect(Math.sign(compareVersions(b, a))).toBe(-order + 0);
});

test("relations keep alternatives and versions, and lose architecture qualifiers", () => {
  expect(parseRelations("perl:any, a (>= 1.2) | b")).toEqual([
    [{ name: "perl" }],
    [{ name: "a", version: { operator: ">=", version: "1.2" } }, { name: "b" }],
  ]);
  const versioned = { name: "a", version: { operator: ">=", version: "2" } } as const;
  expect(satisfies(versioned, "2.1")).toBe(true);
  expect(satisfies(versioned, "1.9")).toBe(false);
  expect(satisfies(versioned, undefined)).toBe(false);
});

test("dependencies come before what needs them, recommendations not at all", () => {
  const index = indexOf(
    { Package: "app", Depends: "lib (>= 1)", Recommends: "extra" },
    { Package: "lib", "Pre-Depends": "libc" },
    { Package: "libc" },
    { Package: "extra" },
  );
  expect(names(index, ["app"])).toEqual(["libc", "lib", "app"]);
});

test("the first alternative that the suite has is taken, unless another was asked for", () => {
  const index = indexOf(
    { Package: "app", Depends: "gone | first | second" },
    { Package: "first" },
    { Package: "second" },
  );
  expect(names(index, ["app"])).toEqual(["first", "app"]);
  expect(names(index, ["app", "second"])).toEqual(["second", "app"]);
});

test("a virtual package is satisfied by a provider, a wished one before others", () => {
  const index = indexOf(
    { Package: "base", Depends: "awk" },
    { Package: "gawk", Provides: "awk" },
    { Package: "mawk", Provides: "awk" },
  );
  expect(names(index, ["base"])).toEqual(["gawk", "base"]);
  expect(names(index, ["base", "mawk"])).toEqual(["mawk", "base"]);
});

test("cycles end, and packages of lower layers are not returned", () => {
  const index = indexOf({ Package: "a", Depends: "b" }, { Package: "b", Depends: "a, c" }, { Package: "c" });
  expect(names(index, ["a"])).toEqual(["c", "b", "a"]);
  expect(names(index, ["a"], { installed: ["c"] })).toEqual(["b", "a"]);
  expect(names(index, ["a"], { without: ["c"] })).toEqual(["b", "a"]);
});

test("what the suite lacks is named together with who needs it", () => {
  const index = indexOf({ Package: "a", Depends: "missing (>= 2) | other" });
  expect(() => names(index, ["a"])).toThrow("a needs missing | other, which the suite lacks");
  expect(() => names(index, ["b"])).toThrow("package b is not in the suite");
});

test("of two versions in the index the newer counts; essential and required packages are the base", () => {
  const index = indexOf(
    { Package: "a", Version: "1.9", Essential: "yes" },
    { Package: "a", Version: "1.10", Essential: "yes" },
    { Package: "b", Priority: "required" },
    { Package: "c", Priority: "optional" },
  );
  expect(index.get("a")?.version).toBe("1.10");
  expect(requiredPackages(index)).toEqual(["a", "b"]);
});
