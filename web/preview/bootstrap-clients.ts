/**
 * Which of an origin's clients is the bootstrap page, whose own files come from the site. The browser is asked once for each client and
 * not for each request, since that is a round trip to another process: `Client.url` is where the client was created, and stays
 * (Service Workers, 4.2.1), so a page of the container's becomes no bootstrap page by `history.pushState`.
 */
import { bootstrapPath } from "./origin.ts";

/** Clients of closed pages are forgotten, the oldest first. */
const remembered = 100;

export class BootstrapClients {
  readonly #find: (id: string) => Promise<{ readonly url: string } | undefined>;
  readonly #known = new Map<string, boolean>();

  constructor(find: (id: string) => Promise<{ readonly url: string } | undefined>) {
    this.#find = find;
  }

  async has(id: string): Promise<boolean> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const client = await this.#find(id);
    if (client === undefined) return false;
    const is = new URL(client.url).pathname === bootstrapPath;
    this.#known.set(id, is);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= remembered) break;
      this.#known.delete(oldest);
    }
    return is;
  }
}
