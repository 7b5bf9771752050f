/**
 * Netlink as pure functions: what goes into the guest's `netlink` operation is built here, and what comes back is read here,
 * as untrusted bytes. Nothing in this folder acts. The guest is a 32-bit little-endian machine.
 */
export * from "./address-route.ts";
export * from "./firewall-rule.ts";
export * from "./ip-address.ts";
export * from "./link.ts";
export * from "./message.ts";
export * from "./nftables.ts";
export { decodeRule } from "./rule-decoding.ts";
export type { XtablesAlignment } from "./rule-expressions.ts";
export * from "./sock-diag.ts";
