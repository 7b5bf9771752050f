import { expect, it } from "vitest";
import { makeKit } from "./testing/kit.ts";

it("files asked for while the container starts are those of the running one: no second overlay takes its work directory away", async () => {
  const kit = await makeKit();
  await kit.containers.create({ Image: "busybox" }, "c1");
  const starting = kit.containers.start("c1");
  const view = await kit.containers.fileView("c1");
  await starting;
  expect(view.context).toHaveProperty("pid");
  const mounted = kit.guest.batches
    .flatMap(({ ops }) => ops)
    .filter((op) => op.op === "mount" && op.type === "overlay");
  expect(mounted).toEqual([]);
  await view.close();
});

it("files of a container that does not run are seen through a mount, which goes with the last who looks", async () => {
  const kit = await makeKit();
  await kit.containers.create({ Image: "busybox" }, "c1");
  const [one, two] = await Promise.all([kit.containers.fileView("c1"), kit.containers.fileView("c1")]);
  expect(one.context).toHaveProperty("root");
  const ops = () => kit.guest.batches.flatMap(({ ops }) => ops);
  expect(ops().filter((op) => op.op === "mount" && op.type === "overlay")).toHaveLength(1);
  await one.close();
  expect(ops().filter((op) => op.op === "umount")).toHaveLength(0);
  await two.close();
  expect(ops().filter((op) => op.op === "umount")).toHaveLength(1);
});
