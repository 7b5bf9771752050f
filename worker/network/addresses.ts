/** Addresses of files outside as one segment of the gateway's own paths, in which every client leaves them alone. */

export const writeAddress = (url: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(url)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

export function readAddress(segment: string): string | undefined {
  try {
    const text = atob(segment.replaceAll("-", "+").replaceAll("_", "/"));
    const url = new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0)));
    return /^https?:\/\//.test(url) ? url : undefined;
  } catch {
    return undefined;
  }
}
