import { describe, expect, it } from "vitest";
import type { ApiTransport } from "../api/transport.ts";
import { GuestError, type WatchedKind, type WatchSpec } from "../engine/ports/guest.ts";
import { FakeGuest } from "../engine/testing/fake-guest.ts";
import { listenFor } from "./signals.ts";

/** A guest that is told what to tell, an engine of two objects, a workspace that is written to by hand. */
function stage() {
  const specs: WatchSpec[] = [];
  let change: (kinds: ReadonlySet<WatchedKind>) => void = () => {};
  let refusal: GuestError | undefined;
  let given = 0;
  const guest = new FakeGuest();
  guest.watch = async (spec) => {
    if (refusal !== undefined) throw refusal;
    specs.push(spec);
    return new ReadableStream({
      start(controller) {
        change = (kinds) => {
          controller.enqueue(kinds);
          controller.close();
        };
      },
      cancel() {
        given += 1;
      },
    });
  };
  let say: (text: string) => void = () => {};
  const answers: Readonly<Record<string, unknown>> = {
    "/containers/web/json": { State: { Pid: 7 } },
    "/containers/old/json": { State: { Pid: 0 } },
    "/volumes/news": { Mountpoint: "/v/news" },
  };
  const api = {
    request: async ({ path }: { path: string }) => {
      if (path.startsWith("/containers/web/logs")) {
        const stream = new ReadableStream<Uint8Array>({
          start(controller) {
            say = (text) => controller.enqueue(new TextEncoder().encode(text));
          },
          cancel() {
            given += 1;
          },
        });
        return { status: 200, headers: {}, body: { kind: "stream", stream } };
      }
      const value = answers[path];
      return { status: value === undefined ? 404 : 200, headers: {}, body: { kind: "json", value } };
    },
  } as unknown as ApiTransport;
  const writers = new Set<() => void>();
  const workspace = {
    subscribe(callback: () => void) {
      writers.add(callback);
      return () => writers.delete(callback);
    },
  };
  return {
    source: { api, guest, workspace },
    specs,
    change: (...kinds: WatchedKind[]) => change(new Set(kinds)),
    write: () => {
      for (const writer of writers) writer();
    },
    say: (text: string) => say(text),
    refuse: () => {
      refusal = new GuestError({ errno: "ENOSPC", stage: "batch", operation: "watch" });
    },
    open: () => writers.size,
    given: () => given,
  };
}
const told = async (changed: Promise<void>): Promise<boolean> =>
  await Promise.race([changed.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);

describe("a signal", () => {
  it("asks the guest for all of it at once, files as their place sees them", async () => {
    const { source, specs, change } = stage();
    const { changed, partial } = await listenFor(source, [
      { kind: "files", place: "machine", path: "/etc/hosts" },
      { kind: "files", place: { container: "web" }, path: "/www/index.html" },
      { kind: "files", place: { container: "old" }, path: "/x" },
      { kind: "files", place: { volume: "news" }, path: "index.html" },
      { kind: "files", place: { volume: "none" }, path: "/x" },
      { kind: "listening" },
    ]);
    expect(specs).toEqual([
      {
        files: [
          { path: "/etc/hosts" },
          { path: "/www/index.html", context: { pid: 7 } },
          { path: "/index.html", context: { root: "/v/news" } },
        ],
        processes: false,
        listening: true,
      },
    ]);
    expect(partial).toBe(false);
    expect(await told(changed)).toBe(false);
    change("listening");
    expect(await told(changed)).toBe(true);
  });

  it("is given for what page or guest write into the workspace, without the guest", async () => {
    const { source, specs, write } = stage();
    const { changed } = await listenFor(source, [{ kind: "files", place: "workspace", path: "note" }]);
    expect(specs).toEqual([]);
    write();
    expect(await told(changed)).toBe(true);
  });

  it("is given for what a container says, and is not waited for with one that is not there", async () => {
    const { source, say } = stage();
    const none = await listenFor(source, [{ kind: "logs", container: "nobody" }]);
    expect([none.partial, await told(none.changed)]).toEqual([false, false]);
    const { changed } = await listenFor(source, [{ kind: "logs", container: "web" }]);
    say("hello");
    expect(await told(changed)).toBe(true);
  });

  it("is partial where the kernel refuses", async () => {
    const { source, refuse } = stage();
    refuse();
    expect((await listenFor(source, [{ kind: "processes" }])).partial).toBe(true);
  });

  it("lets go of everything", async () => {
    const { source, open, given } = stage();
    const signal = await listenFor(source, [
      { kind: "files", place: "workspace", path: "note" },
      { kind: "processes" },
      { kind: "logs", container: "web" },
    ]);
    expect(open()).toBe(1);
    signal.dispose();
    await told(signal.changed);
    expect([open(), given()]).toEqual([0, 2]);
  });
});
