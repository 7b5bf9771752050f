/** Private keys without a passphrase and the agent that signs with them: pure, over Web Crypto, for the client and the engine. */
export { serveAgent } from "./agent.ts";
export { type PrivateKey, readPrivateKey } from "./private-key.ts";
