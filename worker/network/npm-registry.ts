/**
 * npm's registry at /npm/: the catalogue's own packages first, then the upstream registry's. "latest" is the catalogue's version where it
 * has one, so that a plain `npm install` needs nothing else; other versions are the upstream's.
 */
import type { ApiResponse } from "../api/transport.ts";
import type { Fetch } from "../engine/ports/host.ts";
import { readAddress, writeAddress } from "./addresses.ts";
import { found, plain, relayed } from "./answers.ts";

export interface NpmRegistryOptions {
  readonly catalogue: string;
  readonly fetch: Fetch;
  readonly upstream: { readonly base: string; readonly fetch: Fetch } | undefined;
  /** Where clients reach this registry: "http://host/npm/". */
  readonly self: string;
  /** What the client accepts: it asks for the short form of a package's document. */
  readonly accept: string | undefined;
  readonly onMissing: (name: string) => void;
}

interface Packument {
  readonly name?: string;
  readonly "dist-tags"?: Readonly<Record<string, string>>;
  readonly versions?: Readonly<Record<string, { readonly dist?: { readonly tarball?: string } }>>;
  readonly time?: Readonly<Record<string, string>>;
}

const nameOf = /^\/npm\/((?:@[\w.~-]+(?:\/|%2f))?[\w.~-]+)$/i;
const tarball = /^\/npm\/-\/tarballs\/([^/]+)$/;
const outside = /^\/npm\/-\/outside\/([\w-]+)\/[^/]+$/;

export async function answerNpm(path: string, options: NpmRegistryOptions): Promise<ApiResponse> {
  const { catalogue, fetch, upstream } = options;
  const file = tarball.exec(path)?.[1];
  if (file !== undefined) {
    const answer = await found(fetch(`${catalogue}/npm/tarballs/${file}`));
    return answer === undefined ? plain(404, "no such tarball") : relayed(answer);
  }
  const target = outside.exec(path)?.[1];
  if (target !== undefined && upstream !== undefined) {
    const url = readAddress(target);
    if (url !== undefined) return relayed(await upstream.fetch(url));
  }
  const name = nameOf.exec(path)?.[1]?.replace(/%2f/i, "/");
  // Audits, searches and pings are answered by nobody here; npm goes on without.
  if (name === undefined || name.startsWith("-")) return plain(404, "not found");
  return await answerPackage(name, options);
}

async function answerPackage(name: string, options: NpmRegistryOptions): Promise<ApiResponse> {
  const { catalogue, fetch, upstream, accept, onMissing } = options;
  const read = async (response: Promise<Response>): Promise<Packument | undefined> => {
    const answer = await found(response);
    return answer === undefined ? undefined : ((await answer.json().catch(() => undefined)) as Packument | undefined);
  };
  const [own, other] = await Promise.all([
    read(fetch(`${catalogue}/npm/packages/${name}.json`)),
    upstream === undefined
      ? undefined
      : read(
          upstream.fetch(
            `${upstream.base}${name.replace("/", "%2f")}`,
            accept === undefined ? {} : { headers: { accept } },
          ),
        ),
  ]);
  if (own === undefined && other === undefined) {
    onMissing(name);
    return {
      status: 404,
      headers: {},
      body: { kind: "json", value: { error: `${name} is not in this playground's package index` } },
    };
  }
  const value = {
    ...other,
    name,
    "dist-tags": { ...other?.["dist-tags"], ...own?.["dist-tags"] },
    versions: { ...rewritten(other, options, throughGateway), ...rewritten(own, options, ownTarball) },
    ...(other?.time === undefined ? {} : { time: { ...other.time, ...own?.time } }),
  };
  return { status: 200, headers: { "content-type": "application/json" }, body: { kind: "json", value } };
}

type Place = (tarball: string, self: string) => string;
const fileName = (url: string): string => url.slice(url.lastIndexOf("/") + 1).replace(/[?#].*$/, "") || "package.tgz";
const throughGateway: Place = (url, self) => `${self}-/outside/${writeAddress(url)}/${fileName(url)}`;
const ownTarball: Place = (file, self) => `${self}-/tarballs/${file}`;

/** The versions, with their tarballs where this registry offers them. */
function rewritten(
  packument: Packument | undefined,
  { self }: NpmRegistryOptions,
  place: Place,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(packument?.versions ?? {}).map(([version, manifest]) => {
      const { dist } = manifest;
      if (dist?.tarball === undefined) return [version, manifest];
      return [version, { ...manifest, dist: { ...dist, tarball: place(dist.tarball, self) } }];
    }),
  );
}
