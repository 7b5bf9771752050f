import { expect, it } from "vitest";
import { changesBetween, contentOf, type HoldingsSource, holdingsOf } from "./changes.ts";

const answers = (containers: readonly unknown[], files: Readonly<Record<string, number>>): HoldingsSource => ({
  get: async <T>(path: string) => {
    if (path.startsWith("/containers")) return containers as T;
    if (path === "/volumes") return { Volumes: null } as T;
    if (path === "/networks") return [{ Name: "bridge", Driver: "bridge" }] as T;
    return [{ Id: "sha256:0123456789abcdef", RepoTags: ["nginx:latest"] }] as T;
  },
  listFiles: async (folder) =>
    Object.entries(files).flatMap(([path, size]) => {
      const rest = folder === "" ? path : path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;
      if (rest === undefined) return [];
      const [name = "", ...below] = rest.split("/");
      const type = below.length > 0 ? ("directory" as const) : ("file" as const);
      return [{ name, type, size, mode: 0o644, modified: 0 }];
    }),
});

it("tells what a step has added, changed and removed, and nothing of what only grew older", async () => {
  const before = await holdingsOf(
    answers(
      [
        { Id: "a", Names: ["/web"], Image: "nginx", State: "running", Status: "Up 2 seconds" },
        { Id: "b", Names: ["/old"], Image: "nginx", State: "running", Status: "Up 2 seconds" },
      ],
      { "a.txt": 1, "site/index.html": 2 },
    ),
  );
  const now = await holdingsOf(
    answers(
      [
        { Id: "a", Names: ["/web"], Image: "nginx", State: "running", Status: "Up 3 minutes" },
        { Id: "b", Names: ["/old"], Image: "nginx", State: "exited", Status: "Exited (137) 1 second ago" },
        { Id: "c", Names: ["/new"], Image: "busybox", State: "created", Status: "Created" },
      ],
      { "site/index.html": 3 },
    ),
  );
  expect(changesBetween(before, now)).toEqual([
    { kind: "containers", name: "new", before: undefined, now: "busybox, created" },
    { kind: "containers", name: "old", before: "nginx, running", now: "nginx, Exited (137)" },
    { kind: "files", name: "a.txt", before: "1 bytes, 00:00:00", now: undefined },
    { kind: "files", name: "site/index.html", before: "2 bytes, 00:00:00", now: "3 bytes, 00:00:00" },
  ]);
});

it("counts what beginning a lesson would remove, without what every machine has", () => {
  const names = (...each: readonly string[]) => new Map(each.map((name) => [name, ""]));
  const none = {
    containers: names(),
    images: names("busybox"),
    volumes: names(),
    networks: names("bridge", "host", "none"),
    files: names(),
  };
  expect(contentOf(none)).toBe("");
  expect(contentOf({ ...none, files: names("a") })).toBe("1 file");
  expect(
    contentOf({ ...none, containers: names("a", "b"), networks: names("bridge", "shop"), files: names("a") }),
  ).toBe("2 containers, 1 network and 1 file");
});
