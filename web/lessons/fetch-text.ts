/** Texts from anywhere: without cookies, without telling where from, and no more of them than a playground can use. */
export function webAddress(address: string): URL {
  let url: URL | undefined;
  try {
    url = new URL(address, location.href);
  } catch {
    // Told below, as any other address that cannot be used.
  }
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw new Error(`“${address.slice(0, 200)}” is not an http or https address.`);
  return url;
}

/** A page about a file becomes the file itself, where its site has a fixed place for that. */
export function rawAddress(address: string): URL {
  const url = webAddress(address);
  const blob = /^\/([^/]+\/[^/]+)\/(?:blob|raw)\/(.+)$/.exec(url.pathname);
  if (url.hostname === "github.com" && blob !== null)
    return new URL(`https://raw.githubusercontent.com/${blob[1]}/${blob[2]}`);
  if (url.hostname === "gist.github.com" && /^\/[^/]+\/[0-9a-f]+\/?$/.test(url.pathname))
    return new URL(`https://gist.githubusercontent.com${url.pathname.replace(/\/$/, "")}/raw`);
  return url;
}

export async function fetchText(url: URL, largest: number): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer" });
  } catch {
    throw new Error(`${url.href} could not be read. Its server must allow other pages to read it (CORS).`);
  }
  if (!response.ok) throw new Error(`${url.href} answered with status ${response.status}.`);
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let [text, size] = ["", 0];
  for (;;) {
    const part = await reader?.read();
    if (part === undefined || part.done) return text + decoder.decode();
    size += part.value.length;
    if (size > largest) {
      void reader?.cancel().catch(() => {});
      throw new Error(`${url.href} is larger than ${Math.round(largest / 1000)} kB.`);
    }
    text += decoder.decode(part.value, { stream: true });
  }
}
