/**
 * What a program in the machine reaches from a tab: the browser's fetch, which goes to hosts that allow it (CORS). Programs ask over plain HTTP
 * as nothing else can be relayed; hosts that answer browsers answer over TLS, and a page that came over TLS may ask nothing else.
 */
import type { Fetch } from "../engine/ports/host.ts";

/** Until the head of an answer is there, in milliseconds: nobody shall wait for a host that is not. */
const patience = 10_000;

export function pageFetch(fetch: Fetch, pageIsSecure: boolean): Fetch {
  const ask: Fetch = async (url, init = {}) => {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(new TypeError("no answer in time")), patience);
    const signal = init.signal === undefined ? limit.signal : AbortSignal.any([init.signal, limit.signal]);
    try {
      return await fetch(url, { ...init, signal });
    } finally {
      clearTimeout(timer);
    }
  };
  return async (url, init) => {
    if (!url.startsWith("http://")) return await ask(url, init);
    try {
      return await ask(`https://${url.slice("http://".length)}`, init);
    } catch (error) {
      if (pageIsSecure) throw error;
      return await ask(url, init);
    }
  };
}
