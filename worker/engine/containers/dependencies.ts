/** What the containers' domain needs of the world and of its neighbours. */
import type { EventSink, Images, Networks, Volumes } from "../domains.ts";
import type { Guest } from "../ports/guest.ts";
import type { Clock, Randomness } from "../ports/host.ts";
import type { LogStore, RecordStore } from "../ports/storage.ts";
import type { TrustLayer } from "../runtime/index.ts";
import type { HostFacts } from "./check-host-config.ts";

export interface ContainerDependencies {
  readonly guest: Guest;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly records: RecordStore;
  readonly logs: LogStore;
  readonly images: Images;
  readonly volumes: Volumes;
  readonly networks: Networks;
  readonly events: EventSink;
  readonly host: HostFacts;
  /** Variables for processes of images whose language's package manager they concern: where the machine's network has packages. */
  readonly packageVariables?: readonly string[];
  /** Makes containers believe the certificates that the machine's network shows. */
  readonly trust?: TrustLayer | undefined;
}
