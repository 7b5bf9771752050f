/** What a volume is, as plain data. */

/** The durable record. */
export interface VolumeRecord {
  readonly schema: 1;
  readonly name: string;
  readonly driver: "local";
  /** RFC 3339 in seconds, as the local driver reports it. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly options: Readonly<Record<string, string>> | null;
}

/** Schema Volume of the Engine API. */
export interface VolumeJson {
  readonly CreatedAt: string;
  readonly Driver: string;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Mountpoint: string;
  readonly Name: string;
  readonly Options: Readonly<Record<string, string>> | null;
  readonly Scope: "local";
  readonly UsageData?: { readonly RefCount: number; readonly Size: number };
}

export const volumesDirectory = "/var/lib/docker/volumes";
export const mountpointOf = (name: string): string => `${volumesDirectory}/${name}/_data`;

/** Docker's mark of a volume made without a name: what `volume prune` removes without `--all`. */
export const anonymousLabel = "com.docker.volume.anonymous";
export const isAnonymous = (record: VolumeRecord): boolean => record.labels !== null && anonymousLabel in record.labels;

export const volumeJson = (record: VolumeRecord): VolumeJson => ({
  CreatedAt: record.created,
  Driver: record.driver,
  Labels: record.labels,
  Mountpoint: mountpointOf(record.name),
  Name: record.name,
  Options: record.options,
  Scope: "local",
});
