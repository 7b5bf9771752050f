import { describe, expect, it } from "vitest";
import { checkName } from "../files/open-files.ts";
import { networkMap, reachFrom } from "../panels/network-model.ts";
import { runLine } from "../panels/run-line.ts";
import { sampleOf } from "../panels/stats.ts";
import { clampSize } from "./layout.ts";
import { match } from "./palette-match.ts";
import { formatRoute, parseRoute, type Route, titleOf } from "./router.ts";

describe("addresses", () => {
  it.each<Route>([
    { view: "home" },
    { view: "playground" },
    { view: "containers", name: "web", tab: "inspect" },
    { view: "images", name: "localhost:5000/a/b:1.0", tab: "layers" },
    { view: "hood", name: "web", beside: "cache" },
    { view: "volumes", name: "50 % <b>" },
  ])("come back as they were formatted: $view", (route) => {
    expect(parseRoute(formatRoute(route))).toEqual(route);
  });

  it("that lead nowhere say so", () => {
    expect(parseRoute("#/nowhere").view).toBe("notFound");
    expect(parseRoute("#/containers/%E0%A4%A").view).toBe("containers");
  });

  it("have titles that name the thing first", () => {
    expect(titleOf({ view: "containers", name: "web" })).toBe("web · Containers · Drydock");
    const lesson = { view: "lesson", name: "building/cache" } as const;
    expect(titleOf(lesson)).toBe("Lesson · Drydock");
    expect(titleOf(lesson, { name: "building/cache", title: "The cache", track: "Building" })).toBe(
      "The cache · Building · Drydock",
    );
    expect(titleOf(lesson, { name: "data/volumes", title: "Volumes" })).toBe("Lesson · Drydock");
  });
});

describe("the run form's line", () => {
  const empty = {
    image: "nginx",
    name: "",
    ports: "",
    environment: "",
    volumes: "",
    network: "bridge",
    command: "",
    memory: "",
    detached: false,
    interactive: false,
    remove: false,
  };

  it("is what a person would type", () => {
    expect(
      runLine({
        ...empty,
        detached: true,
        name: "web",
        ports: "8080:80 8443:443",
        volumes: "data:/data",
        network: "front",
        memory: "64m",
      }),
    ).toBe("docker run -d --name web -p 8080:80 -p 8443:443 -v data:/data --network front --memory 64m nginx");
  });

  it("quotes values, and runs nothing that stands in them", () => {
    expect(runLine({ ...empty, name: "a; reboot", environment: "A=b c\nB=$(reboot)" })).toBe(
      "docker run --name 'a; reboot' -e 'A=b c' -e 'B=$(reboot)' nginx",
    );
  });
});

describe("the palette", () => {
  const commands = ["Go to images", "docker stop web", "Open image nginx"].map((label) => ({
    label,
    icon: "box" as const,
    run: () => {},
  }));
  const labels = (query: string, recent: readonly string[] = []) =>
    match(commands, query, recent).map(({ label }) => label);

  it("finds every word in any order", () => {
    expect(labels("image open")).toEqual(["Open image nginx"]);
    expect(labels("zzz")).toEqual([]);
  });

  it("puts what was used last first", () => {
    expect(labels("", ["Open image nginx"])[0]).toBe("Open image nginx");
  });
});

describe("names of files", () => {
  it.each(["..", "../x", "a/b", "", "."])("refuses %j", (name) => {
    expect(() => checkName(name)).toThrow();
  });

  it("counts bytes, as Linux does", () => {
    expect(() => checkName("ä".repeat(150))).toThrow("300 bytes");
    expect(checkName("ä".repeat(120))).toBe("ä".repeat(120));
  });
});

describe("panes", () => {
  it("never take more than 60 % of the window, and never vanish", () => {
    expect(clampSize("left", 900, 1000)).toBe(520);
    expect(clampSize("editor", 900, 1000)).toBe(600);
    expect(clampSize("panels", 5, 1000)).toBe(120);
  });
});

describe("who reaches whom", () => {
  const network = (Name: string) => ({
    Id: Name,
    Name,
    Created: "",
    Scope: "local",
    Driver: "bridge",
    Internal: false,
  });
  const container = (name: string, networks: readonly string[]) => ({
    Id: name,
    Names: [`/${name}`],
    Image: "",
    ImageID: "",
    Command: "",
    Created: 0,
    State: "running" as const,
    Status: "",
    NetworkSettings: { Networks: Object.fromEntries(networks.map((each) => [each, { IPAddress: "10.0.0.1" }])) },
  });

  it("by name over a network of their own, by address over the default one, not at all without one in common", () => {
    const map = networkMap(
      [network("bridge"), network("front")],
      [
        container("web", ["bridge", "front"]),
        container("api", ["front"]),
        container("old", ["bridge"]),
        container("alone", []),
      ],
    );
    const how = Object.fromEntries(reachFrom(map, "web").map((reach) => [reach.to, reach.how]));
    expect(how).toEqual({ api: "name", old: "address", alone: "none" });
  });

  it("by address from the machine's own network, which resolves no names", () => {
    const map = networkMap(
      [network("front"), { ...network("host"), Driver: "host" }],
      [container("web", ["front"]), container("probe", ["host"]), container("other", ["host"])],
    );
    expect(reachFrom(map, "probe").map(({ to, how }) => [to, how])).toEqual([
      ["web", "machine"],
      ["other", "machine"],
    ]);
  });
});

describe("statistics", () => {
  it("are computed as docker stats computes them", () => {
    const sample = sampleOf({
      read: "",
      cpu_stats: { cpu_usage: { total_usage: 300 }, system_cpu_usage: 2000, online_cpus: 2 },
      precpu_stats: { cpu_usage: { total_usage: 100 }, system_cpu_usage: 1000 },
      memory_stats: { usage: 1000, limit: 5000, stats: { inactive_file: 400 } },
    });
    expect(sample.cpu).toBeCloseTo(40);
    expect(sample.memory).toBe(600);
  });
});
