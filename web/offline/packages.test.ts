import { describe, expect, it } from "vitest";
import { answerPackage, isPackage, keepPip, type PackageStore, wantsPip } from "./packages.ts";

const site = "https://site.example/";

function device(files: Record<string, string>) {
  const kept = new Map<string, Response>();
  const state = { online: true };
  const asked: string[] = [];
  const store: PackageStore = {
    cache: {
      match: async (url) => kept.get(String(url))?.clone(),
      put: async (url, response) => void kept.set(String(url), response),
    },
    fetch: async (url) => {
      if (!state.online) throw new TypeError("offline");
      asked.push(url);
      const text = files[url.slice(site.length)];
      return new Response(text ?? "not found", { status: text === undefined ? 404 : 200 });
    },
  };
  return { store, kept, state, asked };
}

describe("packages on the device", () => {
  it("are the catalogue's indexes, not its images", () => {
    for (const path of [
      "catalogue/packages.json",
      "catalogue/pip/simple/flask/index.html",
      "catalogue/apt/debian/pool/x.deb",
    ])
      expect(isPackage(path)).toBe(true);
    for (const path of ["catalogue/index.json", "catalogue/v2/library/python/manifests/latest", "assets/pip/x.js"])
      expect(isPackage(path)).toBe(false);
    expect(wantsPip("catalogue/v2/library/python/manifests/3.11-slim")).toBe(true);
  });

  it("are fresh with a network, and the last ones without", async () => {
    const files = { "catalogue/pip/simple/index.html": "one" };
    const { store, state } = device(files);
    const url = `${site}catalogue/pip/simple/index.html`;
    expect(await (await answerPackage(url, store)).text()).toBe("one");
    files["catalogue/pip/simple/index.html"] = "two";
    expect(await (await answerPackage(url, store)).text()).toBe("two");
    state.online = false;
    expect(await (await answerPackage(url, store)).text()).toBe("two");
    await expect(answerPackage(`${site}catalogue/pip/wheels/other.whl`, store)).rejects.toThrow("offline");
  });

  it("are fetched whole behind Python's image, each once", async () => {
    const { store, state, asked } = device({
      "catalogue/packages.json": "{}",
      "catalogue/pip/files.json": '["pip/simple/flask/index.html","pip/wheels/flask.whl"]',
      "catalogue/pip/simple/flask/index.html": "page",
      "catalogue/pip/wheels/flask.whl": "wheel",
    });
    await keepPip(site, store);
    const first = asked.length;
    await keepPip(site, store);
    expect(asked.length).toBe(first + 1);
    state.online = false;
    await keepPip(site, store);
    expect(await (await answerPackage(`${site}catalogue/pip/wheels/flask.whl`, store)).text()).toBe("wheel");
  });
});
