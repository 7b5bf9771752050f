/**
 * A layer above an image's own that adds a certificate authority to the ones it believes: in a tab the gateway ends TLS with certificates that the
 * playground signs itself. It stands for the file where Debian and Alpine keep all of them, and only in images that have that file; it is a layer
 * and no mount, so that update-ca-certificates can put another file in its place.
 *
 * The file has the authority alone, as nothing else can be met in a tab, unless the image has authorities of its own, or `whole` is asked for: what
 * a build step adds to the file becomes the image's, and the world's authorities must not be missing there.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Guest, Op } from "../ports/guest.ts";

export const bundlePath = "/etc/ssl/certs/ca-certificates.crt";
/** From here update-ca-certificates takes what an image believes besides the world's authorities. */
const ownAuthorities = "/usr/local/share/ca-certificates";
const root = "/run/drydock/trust";
const plain = `${root}/authority`;

export class TrustLayer {
  readonly #guest: Guest;
  readonly #pem: string;
  /** By the layers below. */
  readonly #known = new Map<string, Promise<readonly string[]>>();

  constructor(guest: Guest, pem: string) {
    this.#guest = guest;
    this.#pem = pem;
  }

  /** Makes the layer, and the machine's own programs believe. */
  async prepare(): Promise<void> {
    const content = new TextEncoder().encode(this.#pem);
    await this.#guest.batch(layerOps(plain, content));
    const [there] = await this.#guest.batch([{ op: "stat", path: bundlePath, follow: true, ignore: ["*"] }]);
    // A machine that was put back to a checkpoint has the mount.
    if (typeof there !== "object" || !("size" in there) || there.size === content.length) return;
    await this.#guest.batch([{ op: "mount", source: plain + bundlePath, target: bundlePath, flags: ["bind"] }]);
  }

  /** The layers of an image, topmost first, with this one above them where the image believes anybody. */
  over(lowers: readonly string[], options: { readonly whole?: boolean } = {}): Promise<readonly string[]> {
    const { whole = false } = options;
    const key = `${whole} ${lowers.join(":")}`;
    const known = this.#known.get(key) ?? this.#cover(lowers, whole);
    this.#known.set(key, known);
    known.catch(() => this.#known.delete(key));
    return known;
  }

  async #cover(lowers: readonly string[], whole: boolean): Promise<readonly string[]> {
    const results = await this.#guest.batch([
      ...lowers.map((lower): Op => ({ op: "stat", path: lower + bundlePath, follow: false, ignore: ["*"] })),
      ...lowers.map((lower): Op => ({ op: "list", path: lower + ownAuthorities, ignore: ["*"] })),
    ]);
    const at = results.slice(0, lowers.length).findIndex((found) => isFile(found));
    const lower = lowers[at];
    if (lower === undefined) return lowers;
    const hasOwn = results.slice(lowers.length).some((list) => Array.isArray(list) && list.length > 0);
    return [whole || hasOwn ? await this.#merged(lower + bundlePath) : plain, ...lowers];
  }

  /** What the image believes, and the authority. */
  async #merged(bundle: string): Promise<string> {
    const [content] = await this.#guest.batch([{ op: "read", path: bundle }]);
    const own = content instanceof Uint8Array ? content : new Uint8Array();
    const authority = new TextEncoder().encode(`\n${this.#pem}`);
    const all = new Uint8Array(own.length + authority.length);
    all.set(own);
    all.set(authority, own.length);
    // By its content: the same layer may be in use since before a return to a checkpoint.
    const layer = `${root}/${bytesToHex(sha256(all)).slice(0, 32)}`;
    await this.#guest.batch(layerOps(layer, all));
    return layer;
  }
}

const isFile = (found: unknown): boolean =>
  typeof found === "object" && found !== null && "type" in found && found.type === "file";

const layerOps = (layer: string, content: Uint8Array): readonly Op[] => [
  { op: "mkdir", path: `${layer}/etc/ssl/certs`, parents: true, mode: 0o755 },
  { op: "write", path: layer + bundlePath, data: content, mode: 0o644 },
];
