/** What a registry must not be able to do to whoever asks it. */
import { expect, it } from "vitest";
import { openRemote } from "../build/remote/remote-context.ts";
import { fetchFile } from "../build/solve/fetch-file.ts";
import { searchImages } from "../images/search.ts";
import type { Fetch } from "../ports/host.ts";
import { imageFixture } from "../testing/image-fixture.ts";
import { RepositoryClient } from "./repository-client.ts";

const base = "https://registry.test";
const digest = `sha256:${"0".repeat(64)}` as const;
const client = (fetch: Fetch) => new RepositoryClient({ base, fetch }, "app");

/** An answer without end; how much of it was taken. */
function endless() {
  const taken = { megabytes: 0 };
  const answer = (status = 200, headers: Record<string, string> = {}) =>
    new Response(
      new ReadableStream(
        {
          pull(controller) {
            taken.megabytes++;
            controller.enqueue(new Uint8Array(1 << 20).fill(32));
          },
        },
        { highWaterMark: 0 },
      ),
      { status, headers },
    );
  return { taken, answer };
}

it("an answer without end is given up", async () => {
  const { taken, answer } = endless();
  const asked = client(async () => answer());
  await expect(asked.manifest("latest")).rejects.toThrow("manifest is too large");
  await expect(asked.tags()).rejects.toThrow("is too large");
  await expect(asked.blobBytes(digest)).rejects.toThrow(`filesystem layer verification failed for digest ${digest}`);
  await expect(asked.blobRange(digest, 0, 10)).resolves.toHaveProperty("whole");
  await expect(client(async () => answer(206)).blobRange(digest, 0, 10)).rejects.toThrow("of 10 bytes");
  await expect(client(async () => answer(500)).manifest("latest")).rejects.toThrow("unexpected HTTP status: 500");
  const stream = (await asked.blobStream(digest, 1000)).getReader();
  await expect(
    (async () => {
      while (!(await stream.read()).done);
    })(),
  ).rejects.toThrow(`filesystem layer verification failed for digest ${digest}`);
  const challenge = { "www-authenticate": `Bearer realm="${base}/token"` };
  const guarded = client(async (url) =>
    url.includes("/token") ? answer() : new Response("", { status: 401, headers: challenge }),
  );
  await expect(guarded.manifest("latest")).rejects.toThrow("did not include a token");
  expect(taken.megabytes).toBeLessThan(50);
});

it("an answer that breaks off, or is no JSON, is told in Go's words", async () => {
  const broken = () => new Response(new ReadableStream({ pull: (c) => c.error(new TypeError("terminated")) }));
  await expect(client(async () => broken()).manifest("latest")).rejects.toThrow(/^unexpected EOF$/);
  await expect(client(async () => broken()).blobBytes(digest)).rejects.toThrow(/^unexpected EOF$/);
  const stream = (await client(async () => broken()).blobStream(digest, 5)).getReader();
  await expect(stream.read()).rejects.toThrow(/^unexpected EOF$/);
  await expect(client(async () => new Response("<html>")).tags()).rejects.toThrow(
    /^error parsing HTTP 200 response body: /,
  );
  for (const text of ["null", "5", '{"tags":5}'])
    await expect(client(async () => new Response(text)).tags()).resolves.toEqual([]);
});

it("pages of tags come to an end, and lead nowhere else", async () => {
  let asked = 0;
  const page = (link: string) =>
    client(async () => {
      asked++;
      return new Response('{"tags":["1"]}', { headers: { link: `<${link}>; rel="next"` } });
    });
  await expect(page("/v2/app/tags/list?n=1").tags()).rejects.toThrow("the pages of tags do not end");
  await expect(page("http://[").tags()).rejects.toThrow('parse "http://["');
  expect(asked).toBeLessThan(10);
});

it("credentials go to the registry that asked for them, and to nobody that it names", async () => {
  const seen: (readonly [string, boolean])[] = [];
  const asked = new RepositoryClient(
    {
      base,
      fetch: async (url, init = {}) => {
        const isKnown = init.headers?.authorization !== undefined;
        seen.push([new URL(url).host, isKnown]);
        if (!isKnown && url.startsWith(base))
          return new Response("", { status: 401, headers: { "www-authenticate": "Basic" } });
        const link = url.startsWith(base) ? { link: '<https://elsewhere.test/v2/app/tags/list>; rel="next"' } : {};
        return new Response("{}", { headers: link });
      },
    },
    "app",
    { credentials: { username: "ann", password: "secret" } },
  );
  await asked.tags();
  expect(seen).toEqual([
    ["registry.test", false],
    ["registry.test", true],
    ["elsewhere.test", false],
  ]);
});

it("what a search finds has the types of a result, or is left out", async () => {
  const answers = [
    '{"results":[{"name":5},{"name":"a","description":{},"star_count":"x"},null]}',
    '{"results":5}',
    "null",
    "<html>",
  ];
  const found: unknown[] = [];
  for (const answer of answers) {
    const { service } = await imageFixture({ fetch: async () => new Response(answer) });
    const options = { filters: {}, signal: new AbortController().signal };
    found.push(await searchImages(service.context, "a", options).catch((error: Error) => error.message));
  }
  const result = { name: "a", description: "", star_count: 0, is_official: false, is_automated: false };
  expect(found).toEqual([[result], [], [], "error parsing HTTP 200 response body: it is no JSON"]);
});

it("an address of a build that breaks off, or whose name is no escaped text, is told or taken as it is", async () => {
  const broken = () => new Response(new ReadableStream({ pull: (c) => c.error(new TypeError("terminated")) }));
  const options = { checksum: "", keepGitDir: false, signal: new AbortController().signal };
  await expect(fetchFile(async () => broken(), `${base}/f`, options)).rejects.toThrow(
    `failed to load cache key: Get "${base}/f": unexpected EOF`,
  );
  await expect(openRemote(async () => broken(), `${base}/f`, options)).rejects.toThrow("unexpected EOF");
  const odd = await fetchFile(async () => new Response("x"), `${base}/%zz`, options);
  expect(odd.name).toBe("%zz");
});

it("a registry that no address can have is one that is not there", async () => {
  const asked = new RepositoryClient({ base: "https://256.1.1.1", fetch: (url) => fetch(url) }, "app");
  await expect(asked.manifest("latest")).rejects.toThrow(
    'Get "https://256.1.1.1/v2/": dial tcp: lookup 256.1.1.1: no such host',
  );
});
