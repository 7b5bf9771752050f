import { defaultPlayground } from "../../worker/protocol/index.ts";

/** Small choices that are remembered on this device. Without storage they last as long as the page. */
const prefix = "drydock.";
const session = new Map<string, string>();
let storage = true;

/** From now on nothing is read from the device or written to it. */
export function keepForThisVisit(): void {
  storage = false;
}

let playground = "";

/** What is remembered here is this playground's alone. The default one keeps the plain names. */
export function rememberBy(id: string | undefined): void {
  playground = id === undefined || id === defaultPlayground ? "" : `${id}.`;
}
export const rememberHere = (name: string, value: unknown): void => remember(playground + name, value);
export const rememberedHere = <T>(name: string, fallback: T): T => remembered(playground + name, fallback);

export function remembered<T>(name: string, fallback: T): T {
  let text = session.get(name);
  try {
    if (storage) text ??= localStorage.getItem(prefix + name) ?? undefined;
  } catch {
    // Storage is denied (an embedded frame, a private window).
  }
  if (text === undefined) return fallback;
  try {
    return JSON.parse(text) as T;
  } catch {
    return fallback;
  }
}

export function remember(name: string, value: unknown): void {
  const text = JSON.stringify(value);
  session.set(name, text);
  try {
    if (storage) localStorage.setItem(prefix + name, text);
  } catch {
    // See above: the session's copy serves.
  }
}
