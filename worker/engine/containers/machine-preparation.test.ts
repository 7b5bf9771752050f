import { expect, it } from "vitest";
import { FakeGuest } from "../testing/fake-guest.ts";
import { prepareMachine } from "./machine-preparation.ts";

it("attaches its device program once, however often the machine comes back from a checkpoint", async () => {
  const guest = new FakeGuest();
  for (const path of ["/sys/fs/cgroup", "/proc", "/dev"])
    guest.files.run({ op: "mkdir", path, parents: true }, (p) => p);
  for (let life = 0; life < 3; life++) await prepareMachine(guest);
  expect(guest.ops.filter(({ op }) => op === "attachDeviceProgram")).toHaveLength(1);
});
