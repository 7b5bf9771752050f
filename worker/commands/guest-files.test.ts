import { expect, it } from "vitest";
import { FileError } from "../cli/invocation.ts";
import { FakeGuest } from "../engine/testing/fake-guest.ts";
import { guestFiles } from "./guest-files.ts";

const owner = { uid: 1000, gid: 1000 };

it("reads what is there, and says ENOENT for what is not, so that a missing config file is no error", async () => {
  const guest = new FakeGuest();
  await guest.batch([{ op: "write", path: "/config.json", data: "{}" }]);
  const files = guestFiles(guest, owner);
  expect(new TextDecoder().decode(await files.read("/config.json"))).toBe("{}");
  expect(await files.stat("/nothing")).toBeUndefined();
  const error = await files.read("/nothing").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(FileError);
  expect(error).toMatchObject({ code: "ENOENT", path: "/nothing" });
});
