/**
 * pip's index (PEP 503) at /pip/simple/: the catalogue's own wheels first, then what the upstream index has. Of a project that the catalogue
 * has, other versions are marked as yanked (PEP 592), so that pip takes them only when they are asked for by number: the catalogue's are known
 * to work on this machine, and need no compiler.
 */
import type { ApiResponse } from "../api/transport.ts";
import type { Fetch } from "../engine/ports/host.ts";
import { readAddress, writeAddress } from "./addresses.ts";
import { found, html, plain, relayed } from "./answers.ts";

export interface PipIndexOptions {
  readonly catalogue: string;
  /** Of the site's own files. */
  readonly fetch: Fetch;
  readonly upstream: { readonly base: string; readonly fetch: Fetch } | undefined;
  readonly onMissing: (project: string) => void;
}

const simple = /^\/pip\/simple\/([A-Za-z0-9._-]+)\/?$/;
const wheel = /^\/pip\/wheels\/([^/]+)$/;
const outside = /^\/pip\/outside\/([\w-]+)\/[^/]+$/;
const notTheCataloguesOwn = "not of this playground's own packages";

export async function answerPip(path: string, options: PipIndexOptions): Promise<ApiResponse> {
  const { catalogue, fetch, upstream } = options;
  const project = simple.exec(path)?.[1];
  if (project !== undefined) return await answerProject(normalized(project), options);
  const file = wheel.exec(path)?.[1];
  if (file !== undefined) {
    const answer = await found(fetch(`${catalogue}/pip/wheels/${file}`));
    return answer === undefined ? plain(404, "no such wheel") : relayed(answer);
  }
  const target = outside.exec(path)?.[1];
  if (target !== undefined && upstream !== undefined) {
    const url = readAddress(target);
    if (url !== undefined) return relayed(await upstream.fetch(url));
  }
  if (path === "/pip/simple/" || path === "/pip/simple") {
    const index = await found(fetch(`${catalogue}/pip/simple/index.html`), true);
    if (index !== undefined) return html(await index.text());
  }
  return plain(404, "not found");
}

/** PEP 503: how indexes and installers spell a project's name. */
const normalized = (name: string): string => name.replace(/[-_.]+/g, "-").toLowerCase();

async function answerProject(project: string, options: PipIndexOptions): Promise<ApiResponse> {
  const { catalogue, fetch, upstream, onMissing } = options;
  const own = await found(fetch(`${catalogue}/pip/simple/${project}/index.html`), true);
  const ownPage = own === undefined ? "" : await own.text();
  const ownLinks = anchors(ownPage).filter(({ url }) => url.startsWith("../../wheels/"));
  const other = upstream === undefined ? undefined : await found(upstream.fetch(`${upstream.base}${project}/`), true);
  const otherLinks = other === undefined ? [] : anchors(await other.text());
  if (ownLinks.length === 0 && otherLinks.length === 0) {
    onMissing(project);
    return plain(404, `${project} is not in this playground's package index`);
  }
  const base = other?.url || `${upstream?.base ?? ""}${project}/`;
  const names = new Set(ownLinks.map(({ text }) => text));
  const lines = [
    ...ownLinks.map(({ attributes, text }) => `<a ${attributes}>${text}</a>`),
    ...otherLinks
      .filter(({ text }) => !names.has(text))
      .map(({ url, attributes, text }) => {
        const [address = "", hash] = new URL(url, base).href.split("#");
        const rest = attributes
          .replace(/\bhref="[^"]*"/, "")
          .replace(/\bdata-(dist-info-metadata|core-metadata|gpg-sig)(="[^"]*")?/g, "");
        const yanked =
          ownLinks.length > 0 && !/\bdata-yanked\b/.test(rest) ? ` data-yanked="${notTheCataloguesOwn}"` : "";
        const href = `../../outside/${writeAddress(address)}/${encodeURIComponent(text)}${hash === undefined ? "" : `#${hash}`}`;
        return `<a href="${href}"${yanked} ${rest.trim()}>${text}</a>`;
      }),
  ];
  return html(
    `<!DOCTYPE html>\n<html><head><meta name="pypi:repository-version" content="1.0"><title>${project}</title></head><body>\n${lines.join("\n")}\n</body></html>\n`,
  );
}

interface Anchor {
  readonly url: string;
  readonly attributes: string;
  readonly text: string;
}

/** The links of an index page, whose form PEP 503 prescribes. */
function anchors(page: string): readonly Anchor[] {
  return [...page.matchAll(/<a\s+([^>]*)>([^<]*)<\/a>/g)].flatMap(([, attributes = "", text = ""]) => {
    const url = /\bhref="([^"]*)"/.exec(attributes)?.[1];
    return url === undefined ? [] : [{ url: url.replaceAll("&amp;", "&"), attributes, text: text.trim() }];
  });
}
