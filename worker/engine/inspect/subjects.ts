/** Whom to look at: what the containers' domain knows and the kernel does not. */
export interface Subject {
  readonly id: string;
  readonly name: string;
  /** Of the container's first process, as the machine numbers it. */
  readonly pid: number;
  readonly hostname: string;
  /** Directory of its cgroup. */
  readonly cgroup: string;
  readonly merged: string;
}

export interface Subjects {
  /** Throws what the containers' domain throws for a container that is not there, or does not run. */
  find(reference: string): Subject;
  running(): readonly Subject[];
  /** As `docker diff`: kind 0 changed, 1 added, 2 removed. */
  changes(id: string): Promise<readonly { readonly Path: string; readonly Kind: 0 | 1 | 2 }[]>;
  endpoints(id: string): readonly { readonly network: string; readonly addresses: readonly string[] }[];
  ports(
    id: string,
  ): readonly { readonly hostPort: number; readonly containerPort: number; readonly protocol: string }[];
}
