/**
 * The preview without an origin of its own: the page is fetched over the bridge and shown in a sandboxed frame without
 * origin, storage, scripts of ours or a way out. Style sheets and pictures are fetched too and put in; links are followed.
 */
import type { App } from "../app.ts";
import { sendRequest } from "./http-client.ts";

export interface LoadedPage {
  readonly status: number;
  readonly type: string;
  readonly document: string;
  /** After redirects. */
  readonly path: string;
}

async function fetchPath(
  app: App,
  port: number,
  path: string,
): Promise<{ status: number; type: string; location: string | undefined; bytes: Uint8Array }> {
  const response = await sendRequest(await app.engine.openPort("127.0.0.1", port), {
    method: "GET",
    target: path,
    host: `localhost:${port}`,
    headers: [
      ["Accept", "text/html,*/*"],
      ["User-Agent", navigator.userAgent],
    ],
  });
  const header = (name: string): string | undefined =>
    response.headers.find(([each]) => each.toLowerCase() === name)?.[1];
  const bytes = new Uint8Array(await new Response(response.body).arrayBuffer());
  return { status: response.status, type: header("content-type") ?? "text/plain", location: header("location"), bytes };
}

/** A reference in a page, as a path on the same server; `undefined` for other servers, data and scripts. */
export function localPath(reference: string, base: string, port: number): string | undefined {
  try {
    const url = new URL(reference, `http://localhost:${port}${base}`);
    return url.host === `localhost:${port}` && url.protocol === "http:" ? url.pathname + url.search : undefined;
  } catch {
    return undefined;
  }
}

export async function loadPage(app: App, port: number, path: string): Promise<LoadedPage> {
  let at = path;
  for (let redirects = 0; redirects < 10; redirects += 1) {
    const { status, type, location, bytes } = await fetchPath(app, port, at);
    const next = status >= 300 && status < 400 && location !== undefined ? localPath(location, at, port) : undefined;
    if (next !== undefined) {
      at = next;
      continue;
    }
    const text = new TextDecoder().decode(bytes);
    const document = type.includes("html") ? await inlined(app, port, at, text) : plainDocument(text);
    return { status, type, document, path: at };
  }
  throw new Error("The server redirects in a circle.");
}

function plainDocument(text: string): string {
  const page = document.implementation.createHTMLDocument("");
  const pre = page.createElement("pre");
  pre.textContent = text;
  page.body.append(pre);
  return `<!doctype html>${page.documentElement.outerHTML}`;
}

async function inlined(app: App, port: number, path: string, text: string): Promise<string> {
  const page = new DOMParser().parseFromString(text, "text/html");
  const jobs: Promise<void>[] = [];
  for (const link of page.querySelectorAll<HTMLLinkElement>('link[rel~="stylesheet"][href]')) {
    const target = localPath(link.getAttribute("href") ?? "", path, port);
    if (target === undefined) continue;
    jobs.push(
      fetchPath(app, port, target).then(({ status, bytes }) => {
        if (status !== 200) return;
        const style = page.createElement("style");
        style.textContent = new TextDecoder().decode(bytes);
        link.replaceWith(style);
      }),
    );
  }
  for (const image of page.querySelectorAll<HTMLImageElement>("img[src]")) {
    const target = localPath(image.getAttribute("src") ?? "", path, port);
    if (target === undefined) continue;
    jobs.push(
      fetchPath(app, port, target).then(({ status, type, bytes }) => {
        if (status === 200)
          image.src = `data:${type};base64,${btoa(String.fromCharCode(...bytes.subarray(0, 100_000)))}`;
      }),
    );
  }
  await Promise.allSettled(jobs);
  return `<!doctype html>${page.documentElement.outerHTML}`;
}
