/** What a Compose file's services, networks and volumes are called by the engine, and the lines that make the latter two. */
import { type Fields, listOf, pairsOf, record, textOf } from "./stack-values.ts";

export interface Stack {
  readonly project: string;
  readonly file: Fields;
}

export interface Named {
  readonly key: string;
  /** Its name in the engine. */
  readonly full: string;
  /** Made by somebody else: it has to be there. */
  readonly external: boolean;
}

/** A network or volume, by the key under which services name it (compose-spec, "name" and "external"). */
export function named({ project, file }: Stack, kind: "networks" | "volumes", key: string): Named {
  const defined = record(record(file[kind])?.[key]);
  const external = defined?.external === true;
  return { key, external, full: textOf(defined?.name) ?? (external ? key : `${project}_${key}`) };
}

export function containerOf({ project, file }: Stack, service: string): string {
  const defined = record(record(file.services)?.[service]);
  return textOf(defined?.container_name) ?? `${project}-${service}-1`;
}

const option = (flag: string, value: unknown): readonly string[] => {
  const text = textOf(value);
  return text === undefined ? [] : [flag, text];
};
const options = (flag: string, value: unknown): readonly string[] =>
  pairsOf(value).flatMap(([key, item]) => [flag, item === undefined ? key : `${key}=${item}`]);

export function networkLine(stack: Stack, key: string): readonly string[] {
  const defined = record(record(stack.file.networks)?.[key]) ?? {};
  const ipam = record(defined.ipam);
  const pools = Array.isArray(ipam?.config) ? ipam.config.map(record) : [];
  return [
    ...["docker", "network", "create"],
    ...option("--driver", defined.driver),
    ...options("--opt", defined.driver_opts),
    ...(defined.internal === true ? ["--internal"] : []),
    ...(defined.attachable === true ? ["--attachable"] : []),
    ...(defined.enable_ipv6 === true ? ["--ipv6"] : []),
    ...pools.flatMap((pool) => [
      ...option("--subnet", pool?.subnet),
      ...option("--ip-range", pool?.ip_range),
      ...option("--gateway", pool?.gateway),
    ]),
    ...options("--label", defined.labels),
    named(stack, "networks", key).full,
  ];
}

/** A volume that is nothing but a name is made by the first container that mounts it. */
export function volumeLine(stack: Stack, key: string): readonly string[] | undefined {
  const defined = record(record(stack.file.volumes)?.[key]) ?? {};
  const said = [
    ...option("--driver", defined.driver),
    ...options("--opt", defined.driver_opts),
    ...options("--label", defined.labels),
  ];
  return said.length === 0 ? undefined : ["docker", "volume", "create", ...said, named(stack, "volumes", key).full];
}

/** Whom a service depends on, with the condition of each. */
export function dependenciesOf(service: Fields | undefined): readonly (readonly [string, string])[] {
  const needs = service?.depends_on;
  return Array.isArray(needs)
    ? listOf(needs).map((name) => [name, "service_started"] as const)
    : Object.entries(record(needs) ?? {}).map(
        ([name, each]) => [name, textOf(record(each)?.condition) ?? "service_started"] as const,
      );
}
