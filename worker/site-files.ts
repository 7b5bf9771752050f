/** The site's own files: the machine, the userland, the catalogue. */

/** The site's root: this script lies in its assets folder. */
export const site = new URL("../", self.location.href).href;

/** Trying again can help; the page says so. */
class DownloadError extends Error {
  readonly kind = "download";
}

async function get(url: string, init?: RequestInit): Promise<Response> {
  const path = new URL(url, site).href.replace(site, "");
  let response: Response;
  try {
    response = await fetch(new URL(url, site), init);
  } catch {
    throw new DownloadError(`${path} could not be downloaded: the connection failed.`);
  }
  if (!response.ok) throw new DownloadError(`${path} could not be downloaded (HTTP status ${response.status}).`);
  return response;
}
export const json = async <T>(path: string): Promise<T> => (await (await get(path)).json()) as T;
export const bytes = async (path: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await (await get(path)).arrayBuffer());

/** fetch that tells how much of all it was asked for has arrived. */
export function countedFetch(tell: (loaded: number, total: number) => void): typeof fetch {
  let [loaded, total] = [0, 0];
  return async (input, init) => {
    const path = String(input instanceof Request ? input.url : input);
    const response = await get(path, init);
    // compileStreaming keeps the browser's own compiled code only for a response that nobody has touched.
    if (path.endsWith(".wasm") || response.body === null) return response;
    total += Number(response.headers.get("content-length") ?? 0);
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          loaded += chunk.length;
          tell(loaded, total);
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(counted, { status: response.status, headers: response.headers });
  };
}
