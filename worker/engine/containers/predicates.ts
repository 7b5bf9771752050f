/** What may be done to a container in which state. Messages are dockerd's. */
import type { ContainerRecord, ContainerState } from "./model.ts";

export type LiveState = Extract<ContainerState, { readonly pid: number }>;

export function hasProcess(state: ContainerState): state is LiveState {
  return state.status === "running" || state.status === "paused";
}
/** As `State.Running`: a restarting container counts, as it does in dockerd. */
export function isRunning(
  state: ContainerState,
): state is Extract<ContainerState, { readonly status: "running" | "paused" | "restarting" }> {
  return hasProcess(state) || state.status === "restarting";
}
export function isPaused(state: ContainerState): boolean {
  return state.status === "paused";
}
export function isGone(state: ContainerState): boolean {
  return state.status === "removing" || state.status === "dead";
}
/**
 * Whether the container's processes could change its network namespace, or outlive it there: by a capability that Docker does not give,
 * by kernel settings, through the machine's /proc, or from a PID namespace that does not end with it.
 */
export function mayChangeNetwork({ hostConfig: host, mounts }: ContainerRecord): boolean {
  return (
    host.Privileged ||
    (host.CapAdd ?? []).length > 0 ||
    host.PidMode !== "" ||
    Object.keys(host.Sysctls ?? {}).length > 0 ||
    mounts.some(({ Type, Source }) => Type === "bind" && /^\/(proc(\/|$)|$)/.test(Source))
  );
}
