import type { ByteDuplex } from "../engine/ports/guest.ts";

/** Two ends of one connection in memory. */
export function duplexPair(): readonly [ByteDuplex, ByteDuplex] {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}
