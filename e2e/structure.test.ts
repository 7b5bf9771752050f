import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

interface SourceFile {
  readonly path: string;
  /** Imported files of the project as paths from the root, and packages by name. */
  readonly imports: readonly string[];
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (statSync(join(root, path)).isDirectory()) return sources(path);
    return /\.ts$/.test(name) && !/\.test\.ts$/.test(name) ? [path] : [];
  });
}

function read(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const specifiers = [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s*"([^"\n]+)"|\bimport\s*\(?\s*"([^"\n]+)"/g),
  ];
  const imports = specifiers.map(([, a, b]) => {
    const specifier = (a ?? b ?? "").replace(/\?.*$/, "");
    return specifier.startsWith(".") ? relative(root, resolve(root, dirname(path), specifier)) : specifier;
  });
  return { path, imports };
}

const files = ["worker", "web", "lessons", "guest-image"].flatMap(sources).map(read);
const isNodeFile = (path: string) => /(\.node|\/node)\.ts$/.test(path);

/** Imports of files that `from` selects and `forbidden` matches, as lines to read. */
function violations(from: (path: string) => boolean, forbidden: RegExp): readonly string[] {
  return files
    .filter(({ path }) => from(path) && !/\/testing\//.test(path))
    .flatMap(({ path, imports }) =>
      imports.filter((target) => forbidden.test(target)).map((target) => `${path} imports ${target}`),
    );
}

describe("the rules of import", () => {
  it("lets worker/protocol import nothing of the project but itself", () => {
    expect(
      violations(
        (path) => path.startsWith("worker/protocol/"),
        /^(web|guest-image|lessons|e2e|scripts|worker\/(?!protocol\/))/,
      ),
    ).toEqual([]);
  });

  it("lets Go's formats import nothing but each other", () => {
    expect(violations((path) => path.startsWith("worker/go/"), /^(?!worker\/go\/)/)).toEqual([]);
  });

  it("lets the page import the protocol and Go's formats, and nothing else of the worker", () => {
    const page = (path: string) => path.startsWith("web/") && !path.startsWith("web/dev/");
    expect(violations(page, /^worker\/(?!protocol\/|go\/|main\.ts$)/)).toEqual([]);
  });

  it("keeps v86, HTTP and the CLI out of the engine", () => {
    expect(violations((path) => path.startsWith("worker/engine/"), /^(worker\/(?!engine\/|go\/|ssh\/)|v86$)/)).toEqual(
      [],
    );
  });

  it("lets the CLI see the Engine API and nothing behind it, but the pure languages of Dockerfiles, of keys and of Go's formats", () => {
    const cli = (path: string) => path.startsWith("worker/cli/") && !isNodeFile(path);
    expect(
      violations(cli, /^worker\/(?!cli\/|api\/transport\.ts$|engine\/build\/dockerfile\/|asn1\/|go\/|ssh\/)/),
    ).toEqual([]);
  });

  it("keeps the CLI out of the network around the machine", () => {
    expect(violations((path) => path.startsWith("worker/network/"), /^worker\/(cli|host)\//)).toEqual([]);
  });

  it("keeps Node's modules in files that say so", () => {
    const portable = (path: string) => /^(worker|web)\//.test(path) && !isNodeFile(path);
    expect(violations(portable, /^node:/)).toEqual([]);
  });
});
