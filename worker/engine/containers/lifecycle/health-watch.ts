import type { Clock } from "../../ports/host.ts";
import type { Container } from "../container.ts";
import { HealthMonitor, type HealthState, healthCommand, type ProbeRun, startingHealth } from "../health.ts";
import type { Reports } from "./reports.ts";

/** Runs a health check's program in the container. */
export type HealthProbe = (container: Container, command: readonly string[], signal: AbortSignal) => Promise<ProbeRun>;

/** Watches a run's health, from its start or from where a checkpoint left it: `ranFor` milliseconds, in this state. */
export function watchHealth(
  container: Container,
  ports: { readonly clock: Clock; readonly probe: HealthProbe; readonly reports: Reports },
  { state = startingHealth, ranFor = 0 }: { readonly state?: HealthState | undefined; readonly ranFor?: number } = {},
): void {
  const { config } = container.record;
  const check = config.Healthcheck;
  const command = healthCommand(check, config.Shell);
  container.health = undefined;
  if (check === undefined || command === undefined) return;
  container.health = state;
  const monitored = {
    clock: ports.clock,
    run: (signal: AbortSignal) => ports.probe(container, command, signal),
    changed: (next: HealthState, previous: HealthState) => {
      container.health = next;
      if (next.Status !== previous.Status) ports.reports.event(container, `health_status: ${next.Status}`);
    },
  };
  container.healthMonitor = new HealthMonitor(check, monitored, state, ranFor);
}
