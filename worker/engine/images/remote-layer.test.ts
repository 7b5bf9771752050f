import { expect, it, vi } from "vitest";
import type { Clock, Fetch } from "../ports/host.ts";
import type { Digest } from "../ports/storage.ts";
import { Registries } from "../registry/endpoints.ts";
import { MemoryBlobStore } from "../testing/memory-stores.ts";
import { openRemoteLayer } from "./remote-layer.ts";

const digest = `sha256:${"a".repeat(64)}` as Digest;

/** A layer at a registry that gives these answers, one after the other; an error is a connection that fails. */
function layer(...answers: readonly (Response | Error | Promise<Response>)[]) {
  const left = [...answers];
  const [asked, pauses]: [string[], number[]] = [[], []];
  const late: (() => void)[] = [];
  const clock: Clock = {
    now: () => new Date(0),
    monotonic: () => 0,
    after(ms, callback) {
      if (ms > 5000) {
        late.push(callback);
        return () => void late.splice(late.indexOf(callback), 1);
      }
      pauses.push(ms);
      callback();
      return () => undefined;
    },
  };
  const fetch: Fetch = async (url, init) => {
    asked.push(`${new URL(url).pathname} ${init?.headers?.range}`);
    const answer = left.shift() ?? new TypeError("Failed to fetch");
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const registries = new Registries({ fetch, guestFetch: fetch, catalogue: "http://site/catalogue" });
  const origin = {
    registry: "http://site/catalogue",
    repository: "library/web",
    digest,
    size: 100,
    mediaType: "",
  } as const;
  return { asked, pauses, late, remote: openRemoteLayer({ blobs: new MemoryBlobStore(), registries, clock }, origin) };
}

const range = (text: string): Response => new Response(text, { status: 206 });

it("asks again for a part that did not come, after longer and longer pauses", async () => {
  const { remote, asked, pauses } = layer(new TypeError("x"), new Response("", { status: 502 }), range("abc"));
  expect(new TextDecoder().decode(await remote.readRange(10, 3))).toBe("abc");
  expect(new Set(asked).size).toBe(1);
  expect(asked.length).toBe(3);
  expect(pauses).toEqual([200, 1000]);
});

it("asks again when an answer takes longer than a disk may", async () => {
  const { remote, asked, late } = layer(new Promise<Response>(() => {}), range("abc"));
  const read = remote.readRange(10, 3);
  await vi.waitFor(() => expect(late.length).toBe(1));
  late[0]?.();
  expect(new TextDecoder().decode(await read)).toBe("abc");
  expect(asked.length).toBe(2);
  expect(late).toEqual([]);
});

it("gives the reader the reason when it never comes, and does not ask for what the registry refuses", async () => {
  const never = layer();
  await expect(never.remote.readRange(0, 3)).rejects.toThrow(/Failed to fetch/);
  expect(never.asked.length).toBe(4);
  // The next reader does not wait as long.
  await expect(never.remote.readRange(0, 3)).rejects.toThrow();
  expect(never.asked.length).toBe(5);
  const refused = layer(new Response("", { status: 404 }));
  await expect(refused.remote.readRange(0, 3)).rejects.toThrow();
  expect(refused.asked.length).toBe(1);
});
