import { expect, it } from "vitest";
import { FakeGuest } from "../testing/fake-guest.ts";
import { walkTree } from "./walk-tree.ts";

async function walked(guest: FakeGuest, path: string): Promise<readonly (readonly string[])[]> {
  const pieces: (readonly string[])[] = [];
  for await (const piece of walkTree(guest, {}, path)) pieces.push(piece.map((entry) => entry.path));
  return pieces;
}

it("a small tree is walked at once", async () => {
  const guest = new FakeGuest();
  guest.files.put("/data/a", "");
  guest.files.put("/data/b/c", "");
  expect(await walked(guest, "/data")).toEqual([["", "a", "b", "b/c"]]);
  expect(guest.batches).toHaveLength(1);
});

it("a large tree comes in pieces, each entry once and parents first; the agent is never asked for all of it", async () => {
  const guest = new FakeGuest();
  for (let i = 0; i < 60; i++) for (let j = 0; j < 60; j++) guest.files.put(`/data/deep/d${i}/f${j}`, "");
  guest.files.put("/data/plain", "");
  const pieces = await walked(guest, "/data");
  const all = pieces.flat();
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(1000);
  expect(new Set(all).size).toBe(all.length);
  expect(all).toHaveLength(1 + 1 + 1 + 60 + 3600);
  for (const [at, path] of all.entries())
    if (path.includes("/")) expect(all.indexOf(path.replace(/\/[^/]*$/, ""))).toBeLessThan(at);
  expect(guest.opsOf("walk").every(({ limit, path }) => limit !== undefined || path.endsWith("plain"))).toBe(true);
});

it("a top that is not there is an error", async () => {
  const guest = new FakeGuest();
  await expect(walked(guest, "/nosuch")).rejects.toMatchObject({ errno: "ENOENT" });
});
