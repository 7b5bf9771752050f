/**
 * Added to the address of a part of the machine that the network does not give: asks the service worker for its own copy. It lets the
 * machine's `.wasm` files go past it, because browsers keep the code that they made of a response only where no service worker has answered.
 */
export const KEPT_COPY = "?kept";
