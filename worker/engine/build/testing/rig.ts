/** The build domain without a machine: an image "base" in stores in memory; RUN cannot be carried out. */
import type { Networks } from "../../domains.ts";
import type { Fetch } from "../../ports/host.ts";
import { dockerArchive, testImage, textFile } from "../../testing/image-archives.ts";
import { fixedClock, type ImageFixtureOptions, imageFixture } from "../../testing/image-fixture.ts";
import { BuildService } from "../service.ts";

const base = await testImage(
  [
    [
      textFile("etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:100:101::/:/bin/sh\n"),
      textFile("etc/group", "root:x:0:\nstaff:x:50:\n"),
      { header: { name: "tmp", type: "directory", mode: 0o1777 } },
      { header: { name: "bin", type: "symlink", linkName: "usr/bin" } },
      { header: { name: "usr/bin", type: "directory", mode: 0o755 } },
    ],
  ],
  { Env: ["PATH=/bin"], Cmd: ["sh"] },
);

export interface BuildRigOptions extends Pick<ImageFixtureOptions, "blobs" | "records"> {
  readonly fetch?: Fetch;
}

/** With `blobs` and `records` of an earlier one: as after a restart. */
export async function buildRig({ blobs: kept, records: known, fetch: given }: BuildRigOptions = {}) {
  const fetch = given ?? (async () => new Response("from afar"));
  const {
    service: images,
    blobs,
    records,
    guest,
    events,
  } = await imageFixture({
    fetch,
    ...(kept === undefined ? {} : { blobs: kept }),
    ...(known === undefined ? {} : { records: known }),
  });
  const archive = (await dockerArchive(base, ["base:latest"])) as Uint8Array<ArrayBuffer>;
  for await (const _ of images.loadArchive(new Blob([archive]).stream(), {
    signal: new AbortController().signal,
    quiet: true,
  }));
  let seed = 1;
  const builds = await BuildService.load({
    guest,
    networks: {} as Networks,
    images,
    blobs,
    records,
    fetch,
    clock: fixedClock,
    randomness: { bytes: (count) => Uint8Array.from({ length: count }, () => (seed = (seed * 31 + 7) % 251)) },
    events: { publish: (type, action, id) => void events.push(`${type} ${action} ${id}`) },
    runEnvironment: () => Promise.reject(new Error("no machine")),
  });
  Object.assign(images.context.users, { keptLayers: () => builds.keptLayers() });
  return { builds, images, blobs, records, events };
}
