/**
 * Plain data as text: JSON, in which bytes, big integers, maps and sets survive. States of clients and engine are such data,
 * and travel in manifests and checkpoint files.
 */

const TAG = "$plain";

export function encodePlain(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item instanceof Uint8Array) return { [TAG]: "bytes", value: toBase64(item) };
    if (typeof item === "bigint") return { [TAG]: "bigint", value: String(item) };
    if (item instanceof Map) return { [TAG]: "map", value: [...item] };
    if (item instanceof Set) return { [TAG]: "set", value: [...item] };
    return item;
  });
}

export function decodePlain(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown) => {
    if (typeof item !== "object" || item === null || !(TAG in item) || !("value" in item)) return item;
    const { value } = item;
    switch (item[TAG]) {
      case "bytes":
        return typeof value === "string" ? fromBase64(value) : item;
      case "bigint":
        return typeof value === "string" ? BigInt(value) : item;
      case "map":
        return new Map(value as [unknown, unknown][]);
      case "set":
        return new Set(value as unknown[]);
      default:
        return item;
    }
  });
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
