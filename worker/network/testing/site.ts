import type { Fetch } from "../../engine/ports/host.ts";

/** Servers as tables of addresses and what is there; everything else does not answer. Notes what was asked. */
export function site(files: Readonly<Record<string, string>>): { readonly fetch: Fetch; readonly asked: string[] } {
  const asked: string[] = [];
  const origins = new Set(Object.keys(files).map((url) => new URL(url).origin));
  const fetch: Fetch = async (url) => {
    asked.push(url);
    if (!origins.has(new URL(url).origin)) throw new TypeError("fetch failed");
    const text = files[url];
    const type = url.endsWith(".html") || url.endsWith("/") ? "text/html" : "application/octet-stream";
    return text === undefined
      ? new Response("not found", { status: 404 })
      : new Response(text, { headers: { "content-type": type, "content-length": String(text.length) } });
  };
  return { fetch, asked };
}
