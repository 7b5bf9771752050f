/** The objects of a swarm that have names. */

export type Kind = "node" | "service" | "secret" | "config";

export interface Named {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly Version: { readonly Index: number };
  readonly Spec: Readonly<Record<string, unknown>> & {
    readonly Name?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
  readonly Description?: { readonly Hostname?: string; readonly Engine?: { readonly EngineVersion?: string } };
  readonly Status?: { readonly State?: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability?: string; readonly Addr?: string };
  readonly ServiceStatus?: { readonly RunningTasks: number; readonly DesiredTasks: number };
}
