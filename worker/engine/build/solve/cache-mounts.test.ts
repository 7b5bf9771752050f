import { describe, expect, it } from "vitest";
import { parseMount } from "../dockerfile/mount.ts";
import { CacheMounts } from "./cache-mounts.ts";

const mount = (text: string) => parseMount(`type=cache,target=/c${text}`, (word) => word);
const never = new AbortController().signal;

describe("a cache mount", () => {
  it("is met by steps that share it, and by later ones", async () => {
    const mounts = new CacheMounts();
    const [one, two] = [await mounts.open(mount(""), undefined, never), await mounts.open(mount(""), undefined, never)];
    expect(two.directory).toBe(one.directory);
    one.close();
    two.close();
    expect((await mounts.open(mount(",sharing=private"), undefined, never)).directory).toBe(one.directory);
    expect((await mounts.open(mount(",id=other"), undefined, never)).directory).not.toBe(one.directory);
    expect((await mounts.open(mount(""), "a stage's files", never)).directory).not.toBe(one.directory);
  });

  it("is another one for who wants it private while somebody is in it", async () => {
    const mounts = new CacheMounts();
    const one = await mounts.open(mount(""), undefined, never);
    expect((await mounts.open(mount(",sharing=private"), undefined, never)).directory).toBe(`${one.directory}-1`);
  });

  it("is waited for by who wants it locked, until all have left it or the build is cancelled", async () => {
    const mounts = new CacheMounts();
    const [one, two] = [await mounts.open(mount(""), undefined, never), await mounts.open(mount(""), undefined, never)];
    let isIn = false;
    const locked = mounts.open(mount(",sharing=locked"), undefined, never).then((opened) => {
      isIn = true;
      return opened;
    });
    const abort = new AbortController();
    const cancelled = mounts.open(mount(",sharing=locked"), undefined, abort.signal);
    abort.abort(new Error("context canceled"));
    await expect(cancelled).rejects.toThrow("context canceled");
    one.close();
    one.close();
    await Promise.resolve();
    expect(isIn).toBe(false);
    two.close();
    expect((await locked).directory).toBe(one.directory);
  });
});
