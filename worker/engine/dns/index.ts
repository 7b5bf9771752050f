/**
 * The embedded name server of user-defined networks: containers find each other by name, alias and id at 127.0.0.11, and everything
 * else is asked of the world outside through a {@link Resolver}.
 *
 * What always holds: a container is told only of endpoints on networks that it is on; a question that cannot be answered fails at once.
 * It is not: /etc/hosts or /etc/resolv.conf (../networks), or a cache.
 */
export { EmbeddedNameServer, embeddedAddress, type ServedSandbox } from "./server.ts";
export {
  type NameSource,
  noOutside,
  type OutsideAnswer,
  type OutsideRecord,
  type OutsideType,
  type Resolver,
} from "./zone.ts";
