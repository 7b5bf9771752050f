import { describe, expect, it } from "vitest";
import { Downloads } from "./downloads.ts";

const bytes = (...values: readonly number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

/** Answers with what is given, one after the other; an error is a connection that fails. */
function downloads(...answers: readonly (Response | Error)[]) {
  const [asked, waited, progress]: [string[], number[], (readonly [number, number])[]] = [[], [], []];
  const left = [...answers];
  return {
    asked,
    waited,
    progress,
    from: new Downloads({
      fetch: async (url) => {
        asked.push(url);
        const answer = left.shift() ?? new TypeError("Failed to fetch");
        if (answer instanceof Error) throw answer;
        return answer;
      },
      wait: async (ms) => void waited.push(ms),
      nameOf: (url) => `The file ${url}`,
      onProgress: (loaded, total) => progress.push([loaded, total]),
    }),
  };
}

/** A body that breaks off behind these chunks. */
function broken(...chunks: readonly Uint8Array[]): Response {
  const left = [...chunks];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = left.shift();
      if (next === undefined) controller.error(new TypeError("network error"));
      else controller.enqueue(next);
    },
  });
  return new Response(body, { headers: { "content-length": "4" } });
}

describe("a file of the site", () => {
  it("is asked for again, after longer and longer pauses, while the connection fails or the server is busy", async () => {
    const { from, waited } = downloads(new TypeError("x"), new Response("", { status: 503 }), new Response("here"));
    expect(await from.text("a")).toBe("here");
    expect(waited).toEqual([200, 1000]);
  });

  it("that never comes is named in the end, with the reason", async () => {
    const { from, asked } = downloads();
    await expect(from.bytes("a")).rejects.toMatchObject({
      kind: "download",
      message: "The file a could not be downloaded: the connection failed.",
    });
    expect(asked.length).toBe(4);
  });

  it("is asked for once while nothing comes at all, so that many readers do not wait one after the other", async () => {
    const fails = Array.from({ length: 5 }, () => new TypeError("Failed to fetch"));
    const { from, waited } = downloads(...fails, new Response("here"), new TypeError("x"), new Response("there"));
    await expect(from.text("a")).rejects.toMatchObject({ kind: "download" });
    expect(waited.length).toBe(3);
    await expect(from.text("b")).rejects.toMatchObject({ kind: "download" });
    expect(waited.length).toBe(3);
    expect(await from.text("c")).toBe("here");
    expect(await from.text("d")).toBe("there");
    expect(waited.length).toBe(4);
  });

  it("that the server does not have is not asked for again", async () => {
    const { from, asked } = downloads(new Response("", { status: 404 }));
    await expect(from.open("a")).rejects.toMatchObject({
      kind: "download",
      message: "The file a could not be downloaded: the server answered with status 404.",
    });
    expect(asked.length).toBe(1);
  });

  it("goes on where it broke off", async () => {
    const { from, progress } = downloads(
      broken(bytes(1, 2)),
      broken(bytes(1), bytes(2, 3)),
      new Response(bytes(1, 2, 3, 4), { headers: { "content-length": "4" } }),
    );
    const whole = await new Response(await from.open("a")).arrayBuffer();
    expect([...new Uint8Array(whole)]).toEqual([1, 2, 3, 4]);
    expect(progress).toEqual([
      [2, 4],
      [3, 4],
      [4, 4],
    ]);
  });

  it("that breaks off again and again fails its reader, named", async () => {
    const { from } = downloads(broken(bytes(1)));
    await expect(new Response(await from.open("a")).arrayBuffer()).rejects.toMatchObject({ kind: "download" });
  });

  it("of WebAssembly is compiled whatever type the host gives it; one that is damaged is not asked for again", async () => {
    const empty = bytes(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    expect(await downloads(new Response(empty)).from.compile("a")).toBeInstanceOf(WebAssembly.Module);
    const damaged = downloads(new Response(bytes(1, 2, 3)), new Response(empty));
    await expect(damaged.from.compile("a")).rejects.toBeInstanceOf(WebAssembly.CompileError);
    expect(damaged.asked.length).toBe(1);
  });

  it("of WebAssembly comes from the service worker's copy where there is no network", async () => {
    const empty = bytes(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const { from, asked } = downloads(new TypeError("Failed to fetch"), new Response(empty));
    expect(await from.compile("code.wasm")).toBeInstanceOf(WebAssembly.Module);
    expect(asked).toEqual(["code.wasm", "code.wasm?kept"]);
  });
});
