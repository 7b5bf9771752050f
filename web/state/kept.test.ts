import { describe, expect, it } from "vitest";
import { equal, keptWhereEqual } from "./kept.ts";

const entry = (name: string, status = "Up 1 second") => ({ name, status, ports: [{ public: 80 }] });
const byName = ({ name }: { readonly name: string }): string => name;

describe("a list that was fetched again", () => {
  it("is the one before when nothing in it has changed", () => {
    const before = [entry("web"), entry("db")];
    expect(keptWhereEqual(before, [entry("web"), entry("db")], byName)).toBe(before);
  });

  it("keeps the entries that say the same, and their places are the new ones", () => {
    const before = [entry("web"), entry("db"), entry("old")];
    const after = keptWhereEqual(before, [entry("new"), entry("db"), entry("web", "Up 2 seconds")], byName);
    expect(after.map(byName)).toEqual(["new", "db", "web"]);
    expect(after[1]).toBe(before[1]);
    expect(after[2]).toEqual(entry("web", "Up 2 seconds"));
  });

  it("is another one when only the order has changed, or something has gone", () => {
    const before = [entry("web"), entry("db")];
    expect(keptWhereEqual(before, [entry("db"), entry("web")], byName).map(byName)).toEqual(["db", "web"]);
    expect(keptWhereEqual(before, [entry("web")], byName)).toEqual([entry("web")]);
  });
});

describe("two JSON values", () => {
  it("are equal by what they hold, lists and missing names included", () => {
    expect(equal({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
    expect(equal({ a: undefined }, { b: undefined })).toBe(false);
    expect(equal([], {})).toBe(false);
    expect(equal([1, 2], [1])).toBe(false);
    expect(equal(null, {})).toBe(false);
  });
});
