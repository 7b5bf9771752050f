import { describe, expect, it } from "vitest";
import type { ContainerSummary, DiskUsage, Network } from "../engine/types.ts";
import { prunable } from "./prunable.ts";

const container = (name: string, State: ContainerSummary["State"], image: string, network: string) =>
  ({
    Id: name,
    Names: [`/${name}`],
    ImageID: image,
    State,
    SizeRw: 10,
    NetworkSettings: { Networks: { [network]: {} } },
  }) as unknown as ContainerSummary & { SizeRw: number };
const usage = {
  Containers: [container("web", "running", "a", "front"), container("old", "exited", "b", "back")],
  Images: [
    { Id: "a", RepoTags: ["nginx:latest"], Created: 0, Size: 100 },
    { Id: "b", RepoTags: ["debian:latest"], Created: 0, Size: 100 },
    { Id: "c", RepoTags: ["spare:latest"], Created: 0, Size: 100, SharedSize: 30 },
    { Id: "sha256:dddddddddddddddd", RepoTags: [], Created: 0, Size: 5 },
  ],
  Volumes: [
    { Name: "used", Driver: "local", Mountpoint: "", UsageData: { Size: 9, RefCount: 1 } },
    { Name: "named", Driver: "local", Mountpoint: "", UsageData: { Size: 7, RefCount: 0 } },
    {
      Name: "f00d",
      Driver: "local",
      Mountpoint: "",
      UsageData: { Size: 2, RefCount: 0 },
      Labels: { "com.docker.volume.anonymous": "" },
    },
  ],
  BuildCache: [
    { ID: "one", Size: 3, InUse: false },
    { ID: "two", Size: 4, InUse: true },
  ],
} as DiskUsage;
const networks = ["bridge", "host", "none", "front", "back"].map((Name) => ({ Name }) as Network);
const lists = { usage, networks };

describe("a prune would remove", () => {
  it("containers that do not run", () => {
    expect(prunable("container", false, lists)).toEqual({ names: ["old"], bytes: 10 });
  });
  it("images without a name; with all those that no container uses, running or not", () => {
    expect(prunable("image", false, lists)).toEqual({ names: ["dddddddddddd"], bytes: 5 });
    expect(prunable("image", true, lists)).toEqual({ names: ["spare:latest", "dddddddddddd"], bytes: 75 });
  });
  it("anonymous volumes; with all named ones too, and never one that is used", () => {
    expect(prunable("volume", false, lists).names).toEqual(["f00d"]);
    expect(prunable("volume", true, lists).names).toEqual(["named", "f00d"]);
  });
  it("networks on which nothing runs, and none of Docker's own", () => {
    expect(prunable("network", false, lists)).toEqual({ names: ["back"], bytes: undefined });
  });
  it("build cache that no build uses", () => {
    expect(prunable("builder", false, lists)).toEqual({ names: ["one"], bytes: 3 });
  });
});
