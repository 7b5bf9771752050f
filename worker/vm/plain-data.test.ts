import { expect, it } from "vitest";
import { decodePlain, encodePlain } from "./plain-data.ts";

it("plain data comes back with its bytes, big integers, maps and sets", () => {
  const data = {
    bytes: Uint8Array.of(0, 1, 255),
    empty: new Uint8Array(),
    mask: 2n ** 63n,
    map: new Map([["a", new Map([[1, Uint8Array.of(7)]])]]),
    set: new Set([1, 2]),
    plain: [{ x: null, y: "$plain", z: [true, 1.5] }],
  };
  expect(decodePlain(encodePlain(data))).toEqual(data);
});
