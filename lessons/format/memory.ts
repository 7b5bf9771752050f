/** Bytes of "256m" or "1g", as `docker run --memory` counts them. */
export const memoryOf = (text: string): number => Number.parseInt(text, 10) * (text.endsWith("g") ? 2 ** 30 : 2 ** 20);
