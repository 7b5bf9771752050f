/**
 * Goes into the container's HTML: a service worker does not see WebSockets, so those to the page's own server run over a
 * byte stream that the service worker opens.
 */
import { BridgedWebSocket } from "./websocket.ts";

const Native = window.WebSocket;
const own = (url: string | URL): boolean => {
  try {
    const target = new URL(url, location.href);
    return target.host === location.host || /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(target.host);
  } catch {
    return false;
  }
};

window.WebSocket = new Proxy(Native, {
  construct(target, [url, protocols]: [string | URL, (string | string[])?]) {
    return own(url) ? new BridgedWebSocket(url, protocols) : new target(url, protocols);
  },
});
