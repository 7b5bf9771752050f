import { beforeEach, describe, expect, it } from "vitest";
import { FakeGuest } from "../testing/fake-guest.ts";
import { bundlePath, TrustLayer } from "./trust-layer.ts";

const pem = "-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n";

describe("the layer of the playground's authority", () => {
  let guest: FakeGuest;
  const write = async (path: string, data: string): Promise<void> => {
    const directory = path.slice(0, path.lastIndexOf("/"));
    await guest.batch([
      { op: "mkdir", path: directory, parents: true },
      { op: "write", path, data },
    ]);
  };
  const read = async (layer: string | undefined): Promise<string> => {
    const [data] = await guest.batch([{ op: "read", path: `${layer}${bundlePath}` }]);
    return new TextDecoder().decode(data as Uint8Array);
  };
  beforeEach(async () => {
    guest = new FakeGuest();
    await write(`/base${bundlePath}`, "the world's\n");
    await write("/bare/etc/hosts", "");
    await write("/corporate/usr/local/share/ca-certificates/corp.crt", "");
    await new TrustLayer(guest, pem).prepare();
  });

  it("lies above images that believe anybody, and above no other", async () => {
    const trust = new TrustLayer(guest, pem);
    expect(await trust.over(["/bare"])).toEqual(["/bare"]);
    const [layer, ...rest] = await trust.over(["/bare", "/base"]);
    expect(rest).toEqual(["/bare", "/base"]);
    expect(await read(layer)).toBe(pem);
  });

  it("keeps what an image believes where it has authorities of its own, and in build steps", async () => {
    const trust = new TrustLayer(guest, pem);
    const [own] = await trust.over(["/corporate", "/base"]);
    const [step] = await trust.over(["/base"], { whole: true });
    expect(await read(own)).toBe(`the world's\n\n${pem}`);
    expect(step).toBe(own);
    expect((await trust.over(["/bare"], { whole: true })).length).toBe(1);
  });
});
