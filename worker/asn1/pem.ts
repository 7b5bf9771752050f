/** PEM blocks with headers (RFC 1421), as Go's encoding/pem writes and reads them. */
export interface PemBlock {
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

export function encodePem({ type, headers, bytes }: PemBlock): string {
  const names = Object.keys(headers).sort();
  const head = names.map((name) => `${name}: ${headers[name]}\n`).join("") + (names.length > 0 ? "\n" : "");
  const text = btoa(String.fromCharCode(...bytes)).replaceAll(/.{64}/g, "$&\n");
  return `-----BEGIN ${type}-----\n${head}${text}${text.endsWith("\n") ? "" : "\n"}-----END ${type}-----\n`;
}

/** The first block of a text. */
export function decodePem(text: string): PemBlock | undefined {
  const match = /-----BEGIN ([^-\n]+)-----\r?\n((?:[\w-]+: [^\n]*\n)*)\s*([A-Za-z0-9+/=\s]+?)-----END \1-----/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, type = "", head = "", body = ""] = match;
  const headers = Object.fromEntries(
    [...head.matchAll(/^([\w-]+): (.*?)\r?$/gm)].map(([, name, value]) => [name, value]),
  );
  try {
    return { type, headers, bytes: Uint8Array.from(atob(body.replaceAll(/\s/g, "")), (c) => c.charCodeAt(0)) };
  } catch {
    return undefined;
  }
}
