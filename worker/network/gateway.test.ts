import { describe, expect, it } from "vitest";
import type { ApiRequest, ApiResponse } from "../api/transport.ts";
import { Gateway, type GatewayOptions } from "./gateway.ts";
import { packagesHost } from "./names.ts";
import { Refusals } from "./refusals.ts";
import { site } from "./testing/site.ts";

const catalogue = "http://site.example/catalogue";
const own = {
  [`${catalogue}/pip/simple/flask/index.html`]:
    '<!DOCTYPE html>\n<a href="../../wheels/Flask-2.2.2-py3-none-any.whl#sha256=aa">Flask-2.2.2-py3-none-any.whl</a>',
  [`${catalogue}/pip/wheels/Flask-2.2.2-py3-none-any.whl`]: "a wheel",
  [`${catalogue}/npm/packages/express.json`]: JSON.stringify({
    "dist-tags": { latest: "4.18.2" },
    versions: { "4.18.2": { dist: { tarball: "express-4.18.2.tgz", integrity: "sha512-x" } } },
  }),
  [`${catalogue}/npm/tarballs/express-4.18.2.tgz`]: "a tarball",
  [`${catalogue}/apt/debian/dists/bookworm/InRelease`]: "signed",
};
const upstream = {
  "https://index.example/simple/flask/":
    '<a href="../../files/Flask-3.0.0-py3-none-any.whl#sha256=bb" data-requires-python="&gt;=3.8" data-core-metadata="sha256=cc">Flask-3.0.0-py3-none-any.whl</a>\n<a href="/files/Flask-2.2.2-py3-none-any.whl">Flask-2.2.2-py3-none-any.whl</a>',
  "https://index.example/simple/django/": '<a href="/files/Django-4.2.tar.gz">Django-4.2.tar.gz</a>',
  "https://index.example/files/Flask-3.0.0-py3-none-any.whl": "another wheel",
  "https://npm.example/express": JSON.stringify({
    name: "express",
    "dist-tags": { latest: "5.0.0", next: "6.0.0" },
    versions: { "5.0.0": { dist: { tarball: "https://npm.example/express/-/express-5.0.0.tgz" } } },
  }),
  "https://npm.example/@types%2fnode": JSON.stringify({ versions: { "1.0.0": {} } }),
  "https://npm.example/express/-/express-5.0.0.tgz": "another tarball",
};

function gateway(more: Partial<GatewayOptions> = {}) {
  const said: string[] = [];
  const files = site(own);
  const outside = site(upstream);
  const server = new Gateway({
    fetch: files.fetch,
    catalogue,
    settings: async () => ({
      aptHosts: ["archive.example"],
      pip: "https://index.example/simple/",
      npm: "https://npm.example/",
    }),
    outside: outside.fetch,
    relaysOthers: false,
    refusals: new Refusals(
      () => 0,
      (sentence) => void said.push(sentence),
    ),
    ...more,
  });
  const ask = (path: string, host = packagesHost, method: ApiRequest["method"] = "GET") =>
    server.request({ method, path, headers: { host } });
  return { ask, said, outside };
}

async function read({ status, body }: ApiResponse): Promise<string> {
  const text =
    body.kind === "stream"
      ? await new Response(body.stream as BodyInit).text()
      : body.kind === "text"
        ? body.text
        : body.kind === "json"
          ? JSON.stringify(body.value)
          : "";
  return `${status} ${text}`;
}

describe("the package gateway", () => {
  it("serves the catalogue's wheels, and marks other versions so that pip takes them only by number", async () => {
    const { ask } = gateway();
    const page = await read(await ask("/pip/simple/Flask/"));
    expect(page).toContain(
      '<a href="../../wheels/Flask-2.2.2-py3-none-any.whl#sha256=aa">Flask-2.2.2-py3-none-any.whl</a>',
    );
    const other =
      /<a href="\.\.\/\.\.(\/outside\/[^"#]+)#sha256=bb" data-yanked="[^"]+" data-requires-python="&gt;=3.8">/;
    const path = other.exec(page)?.[1] ?? "";
    expect(page.match(/<a /g)).toHaveLength(2);
    expect(await read(await ask(`/pip${path}`))).toBe("200 another wheel");
    expect(path).toMatch(/\/Flask-3\.0\.0-py3-none-any\.whl$/);
    expect(await read(await ask("/pip/wheels/Flask-2.2.2-py3-none-any.whl"))).toBe("200 a wheel");
  });

  it("offers what only the upstream index has as it is", async () => {
    const { ask } = gateway();
    const page = await read(await ask("/pip/simple/django/"));
    expect(page).toContain("Django-4.2.tar.gz</a>");
    expect(page).not.toContain("data-yanked");
  });

  it("names the package that nobody has, once", async () => {
    const { ask, said } = gateway();
    expect(await read(await ask("/pip/simple/no_such/"))).toBe(
      "404 no-such is not in this playground's package index\n",
    );
    await ask("/pip/simple/no.such/");
    expect(await read(await ask("/npm/nosuch"))).toBe(
      '404 {"error":"nosuch is not in this playground\'s package index"}',
    );
    expect(said).toEqual([
      "no-such is not among this playground's Python packages, and no other index can be asked",
      "nosuch is not among this playground's npm packages, and no other index can be asked",
    ]);
  });

  it("asks nobody outside where there is no network", async () => {
    const { ask, said, outside } = gateway({ outside: undefined });
    expect(await read(await ask("/pip/simple/flask/"))).not.toContain("3.0.0");
    expect((await ask("/pip/simple/django/")).status).toBe(404);
    expect(said).toEqual([
      "django is not among this playground's Python packages, and no other index can be asked: it is offline",
    ]);
    expect(outside.asked).toEqual([]);
  });

  it("lets npm find every version through itself, the catalogue's as the latest", async () => {
    const { ask } = gateway();
    const answer = await ask("/npm/express");
    const { value } = answer.body as unknown as { value: { versions: Record<string, { dist: { tarball: string } }> } };
    const base = `http://${packagesHost}/npm/-`;
    expect(value).toMatchObject({
      name: "express",
      "dist-tags": { latest: "4.18.2", next: "6.0.0" },
      versions: { "4.18.2": { dist: { tarball: `${base}/tarballs/express-4.18.2.tgz`, integrity: "sha512-x" } } },
    });
    const other = value.versions["5.0.0"]?.dist.tarball;
    expect(await read(await ask(new URL(other ?? "").pathname))).toBe("200 another tarball");
    expect(await read(await ask("/npm/-/tarballs/express-4.18.2.tgz"))).toBe("200 a tarball");
    expect((await ask("/npm/@types%2fnode")).status).toBe(200);
    expect((await ask("/npm/-/npm/v1/security/advisories/bulk", packagesHost, "POST")).status).toBe(404);
  });

  it("stands in for apt's archive under its own name", async () => {
    const { ask, said } = gateway();
    expect(await read(await ask("/debian/dists/bookworm/InRelease", "archive.example"))).toBe("200 signed");
    expect((await ask("/debian/../pip/simple/flask/index.html", "archive.example")).status).toBe(404);
    expect((await ask("/debian/dists/trixie/InRelease", "archive.example")).status).toBe(404);
    expect(said).toHaveLength(1);
    expect((await ask("/", "other.example")).status).toBe(404);
  });

  it("relays other hosts where that is the only way out, and says at once which cannot be had", async () => {
    const outside = site({ "http://open.example/data.json": "{}" });
    const { ask, said } = gateway({ relaysOthers: true, outside: outside.fetch });
    expect(await read(await ask("/data.json", "open.example"))).toBe("200 {}");
    const refused = await read(await ask("/", "closed.example"));
    expect(refused).toMatch(/^502 Drydock: closed\.example cannot be reached from a browser tab: /);
    expect(said).toHaveLength(1);
  });
});
