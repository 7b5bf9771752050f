import { describe, expect, it } from "vitest";
import { collectBytes, streamOfBytes } from "../../engine/bytes.ts";
import type { ImageId } from "../../engine/domains.ts";
import { EngineError } from "../../engine/errors.ts";
import { FakeRegistry } from "../../engine/testing/fake-registry.ts";
import { dockerArchive, publish, tarOf, testImage, textFile } from "../../engine/testing/image-archives.ts";
import { imageFixture } from "../../engine/testing/image-fixture.ts";
import { Router } from "../router.ts";
import type { ApiRequest, ApiResponse } from "../transport.ts";
import { distributionRoutes } from "./distribution.ts";
import { imageRoutes } from "./images.ts";

const registry = new FakeRegistry("registry.example");

async function engine() {
  const fixture = await imageFixture({ fetch: registry.fetch });
  const image = await testImage([[textFile("a", "1")]], { Cmd: ["/a"] });
  const router = new Router([
    ...imageRoutes(fixture.service, {
      toCommit(reference) {
        if (reference !== "box") throw new EngineError("notFound", `No such container: ${reference}`);
        const id = image.id as ImageId;
        return {
          id: "c".repeat(64),
          image: id,
          config: {},
          upper: "/upper",
          attributes: {},
          whilePaused: (work) => work(),
        };
      },
    }),
    ...distributionRoutes(fixture.service),
  ]);
  const ask = (method: ApiRequest["method"], path: string, more: Partial<ApiRequest> = {}) =>
    router.request({ method, path, ...more });
  const upload = (bytes: Uint8Array) => ({ body: { kind: "stream", stream: streamOfBytes(bytes) } }) as const;
  await lines(await ask("POST", "/images/load", upload(await dockerArchive(image, ["app:1"]))));
  return { ...fixture, image, ask, upload };
}

async function lines(response: ApiResponse): Promise<unknown[]> {
  if (response.body.kind !== "jsonLines") throw new Error(`${response.status} ${JSON.stringify(response.body)}`);
  const out: unknown[] = [];
  for await (const value of response.body.values) out.push(value);
  return out;
}
const value = (response: ApiResponse): unknown => (response.body.kind === "json" ? response.body.value : undefined);
const message = (response: ApiResponse) => [response.status, (value(response) as { message: string }).message];

describe("the API of images", () => {
  it("lists, with the older fields for older clients", async () => {
    const { ask, image } = await engine();
    expect(value(await ask("GET", "/v1.51/images/json"))).toMatchObject([{ Id: image.id, Containers: 0 }]);
    expect(value(await ask("GET", "/v1.50/images/json"))).toMatchObject([{ Containers: -1 }]);
    expect(value(await ask("GET", "/v1.43/images/json"))).toMatchObject([{ VirtualSize: 1 }]);
    expect(message(await ask("GET", '/images/json?filters={"foo":["x"]}'))).toEqual([400, "invalid filter 'foo'"]);
    for (const shape of ['{"label":[1]}', '{"label":[[]]}', '{"label":{"a":"b"}}', '{"label":"a"}', "[]", "x"])
      expect(message(await ask("GET", `/images/json?filters=${shape}`)), shape).toEqual([400, "invalid filter"]);
    for (const shape of ["null", '{"label":null}'])
      expect(await ask("GET", `/images/json?filters=${shape}`), shape).toMatchObject({ status: 200 });
  });

  it("inspects and tells the history, names with slashes included", async () => {
    const { ask, image } = await engine();
    expect((await ask("POST", "/images/app:1/tag?repo=localhost:5000/a/b&tag=2")).status).toBe(201);
    expect(value(await ask("GET", "/images/localhost:5000/a/b:2/json"))).toMatchObject({ Id: image.id });
    expect(value(await ask("GET", "/images/localhost:5000/a/b:2/history"))).toHaveLength(1);
    expect(value(await ask("GET", "/v1.44/images/app:1/json"))).toMatchObject({
      Config: { Hostname: "" },
      Container: "",
    });
    expect(message(await ask("GET", "/images/none/json"))).toEqual([404, "No such image: none:latest"]);
    expect(message(await ask("GET", "/images/NONE/json"))).toEqual([
      400,
      "invalid reference format: repository name (library/NONE) must be lowercase",
    ]);
    const platform = encodeURIComponent(JSON.stringify({ os: "linux", architecture: "arm64" }));
    expect((await ask("GET", `/images/app:1/json?platform=${platform}`)).status).toBe(404);
  });

  it("tags, and refuses what is no tag", async () => {
    const { ask } = await engine();
    expect(message(await ask("POST", "/images/app:1/tag?repo=a&tag=b%20c"))).toEqual([400, "invalid tag format"]);
    const digest = `sha256:${"0".repeat(64)}`;
    expect(message(await ask("POST", `/images/app:1/tag?repo=a@${digest}`))).toEqual([
      400,
      "cannot import digest reference",
    ]);
    expect((await ask("POST", "/images/app:1/tag?repo=")).status).toBe(200);
    expect((await ask("POST", "/images/none/tag?repo=a")).status).toBe(404);
  });

  it("pulls: a refusal before the first line is a status, progress is a stream", async () => {
    const { ask } = await engine();
    await publish(registry, "app", "1", await testImage([[textFile("b", "2")]]));
    const pulled = await lines(await ask("POST", "/images/create?fromImage=registry.example/app&tag=1"));
    expect(pulled[0]).toEqual({ status: "Pulling from app", id: "1" });
    expect(pulled.at(-1)).toEqual({ status: "Status: Downloaded newer image for registry.example/app:1" });
    expect(message(await ask("POST", "/images/create?fromImage=registry.example/app&tag=2"))).toEqual([
      404,
      "manifest for registry.example/app:2 not found: manifest unknown: manifest unknown",
    ]);
    expect(message(await ask("POST", "/images/create?fromImage=registry.example/app&tag=a:b"))).toEqual([
      400,
      "invalid tag format",
    ]);
    expect(message(await ask("POST", "/images/create?fromImage=app&tag=1&platform=a/b/c/d"))).toEqual([
      400,
      '"a/b/c/d": cannot parse platform specifier: invalid argument',
    ]);
    expect(value(await ask("GET", "/distribution/registry.example/app:1/json"))).toMatchObject({
      Platforms: [{ architecture: "386", os: "linux" }],
    });
    expect((await ask("GET", "/distribution/registry.example/none/json")).status).toBe(404);
  });

  it("imports, saves, loads, prunes and deletes", async () => {
    const { ask, upload, image } = await engine();
    const tar = await tarOf([textFile("x", "1")]);
    const [imported] = await lines(
      await ask("POST", "/images/create?fromSrc=-&repo=imp&tag=1&changes=CMD%20a", upload(tar)),
    );
    expect(imported).toEqual({ status: expect.stringMatching(/^sha256:/) });
    const saved = await ask("GET", "/images/get?names=app:1&names=imp:1");
    expect(saved.headers["content-type"]).toBe("application/x-tar");
    if (saved.body.kind !== "stream") throw new Error("no stream");
    const archive = await collectBytes(saved.body.stream);
    expect(await lines(await ask("POST", "/images/load", upload(archive)))).toEqual([
      { stream: "Loaded image: app:1\n" },
      { stream: "Loaded image: imp:1\n" },
    ]);
    expect(message(await ask("GET", "/images/none/get"))).toEqual([404, "No such image: none"]);
    expect(await lines(await ask("POST", "/images/load", upload(new Uint8Array([1, 2]))))).toEqual([
      { errorDetail: { message: "unexpected EOF" }, error: "unexpected EOF" },
    ]);
    expect(value(await ask("DELETE", "/images/imp:1"))).toHaveLength(3);
    expect(value(await ask("POST", "/images/prune"))).toEqual({ ImagesDeleted: null, SpaceReclaimed: 0 });
    expect(value(await ask("DELETE", `/images/${image.id}?force=1`))).toHaveLength(3);
    expect((await ask("DELETE", "/images/app:1")).status).toBe(404);
  });

  it("commits a container", async () => {
    const { ask, guest } = await engine();
    await guest.batch([{ op: "mkdir", path: "/upper" }]);
    const committed = await ask("POST", "/commit?container=box&repo=made&changes=CMD%20x", {
      body: { kind: "json", value: {} },
    });
    expect([committed.status, value(committed)]).toEqual([201, { Id: expect.stringMatching(/^sha256:/) }]);
    expect(message(await ask("POST", "/commit?container=other"))).toEqual([404, "No such container: other"]);
  });

  it("searches, and reports a Hub out of reach like Docker", async () => {
    const { ask } = await engine();
    expect(message(await ask("GET", "/images/search?term=x&limit=200"))).toEqual([
      400,
      "limit 200 is outside the range of [1, 100]",
    ]);
    expect(message(await ask("GET", "/images/search?term=x"))).toEqual([
      500,
      'Get "https://index.docker.io/v1/search?q=x&n=25": dial tcp: lookup index.docker.io: no such host',
    ]);
  });

  it("pushes: what goes wrong is a line of the stream", async () => {
    const { ask } = await engine();
    expect(await lines(await ask("POST", "/images/none/push?tag=1"))).toEqual([
      { status: "The push refers to repository [docker.io/library/none]" },
      {
        errorDetail: { message: "An image does not exist locally with the tag: none" },
        error: "An image does not exist locally with the tag: none",
      },
    ]);
  });
});
