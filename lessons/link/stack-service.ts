/** One service of a Compose file as the words of `docker run`, and what of it cannot be said so. */
import { containerOf, dependenciesOf, type Named, named, type Stack } from "./stack-names.ts";
import { type Fields, listOf, pairsOf, record, textOf } from "./stack-values.ts";
import { joinWords, splitWords } from "./words.ts";

export interface ServiceLines {
  /** What has to have ended first. */
  readonly before: readonly (readonly string[])[];
  readonly run: readonly string[];
  /** Networks after the first: a container is run in one. */
  readonly connect: readonly (readonly string[])[];
  /** Keys of the file's networks that it is on. */
  readonly networks: readonly string[];
  readonly skipped: readonly string[];
}

type Said = readonly string[];
type Sayer = (value: unknown, skip: (what: string) => void, stack: Stack) => Said;

const each =
  (flag: string): Sayer =>
  (value) =>
    listOf(value).flatMap((item) => [flag, item]);
const one =
  (flag: string): Sayer =>
  (value) => {
    const text = textOf(value);
    return text === undefined ? [] : [flag, text];
  };
const whether =
  (flag: string): Sayer =>
  (value) =>
    value === true ? [flag] : [];
const pairs =
  (flag: string): Sayer =>
  (value) =>
    pairsOf(value).flatMap(([key, item]) => [flag, item === undefined ? key : `${key}=${item}`]);

const shared =
  (flag: string): Sayer =>
  (value, _, stack) => {
    const mode = sharedWith(textOf(value), stack);
    return mode === undefined ? [] : [flag, mode];
  };

/** `docker run` takes whole seconds; Compose durations as "1m30s". */
const seconds =
  (flag: string): Sayer =>
  (value, skip) => {
    const text = textOf(value) ?? "";
    const units = { h: 3600, m: 60, s: 1 } as const;
    const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([hms])/g)];
    if (parts.map(([part]) => part).join("") !== text || parts.length === 0) {
      skip(`"${text}" is no duration.`);
      return [];
    }
    const sum = parts.reduce(
      (total, [, number, unit]) => total + Number(number) * units[unit as keyof typeof units],
      0,
    );
    return [flag, String(Math.ceil(sum))];
  };

/** Keys with a flag of their own, in the order in which the line says them. */
const sayers: Readonly<Record<string, Sayer>> = {
  hostname: one("--hostname"),
  domainname: one("--domainname"),
  mac_address: one("--mac-address"),
  platform: one("--platform"),
  pull_policy: (value) => (value === "always" || value === "missing" || value === "never" ? ["--pull", value] : []),
  user: one("--user"),
  group_add: each("--group-add"),
  working_dir: one("--workdir"),
  environment: (value, skip) =>
    pairsOf(value).flatMap(([key, item]) => {
      if (item === undefined) skip(`the variable ${key} has no value here.`);
      return item === undefined ? [] : ["-e", `${key}=${item}`];
    }),
  ports: (value, skip) => (Array.isArray(value) ? value : []).flatMap((port) => portWords(port, skip)),
  expose: each("--expose"),
  volumes: (value, skip, stack) =>
    (Array.isArray(value) ? value : []).flatMap((volume) => volumeWords(volume, skip, stack)),
  tmpfs: each("--tmpfs"),
  restart: one("--restart"),
  labels: pairs("--label"),
  annotations: pairs("--annotation"),
  cap_add: each("--cap-add"),
  cap_drop: each("--cap-drop"),
  security_opt: each("--security-opt"),
  sysctls: pairs("--sysctl"),
  dns: each("--dns"),
  dns_search: each("--dns-search"),
  dns_opt: each("--dns-option"),
  extra_hosts: (value) =>
    pairsOf(value).flatMap(([host, address]) => ["--add-host", address === undefined ? host : `${host}:${address}`]),
  read_only: whether("--read-only"),
  privileged: whether("--privileged"),
  init: whether("--init"),
  tty: whether("-t"),
  stdin_open: whether("-i"),
  pid: shared("--pid"),
  ipc: shared("--ipc"),
  uts: one("--uts"),
  cgroup: one("--cgroupns"),
  cgroup_parent: one("--cgroup-parent"),
  userns_mode: one("--userns"),
  runtime: one("--runtime"),
  devices: each("--device"),
  ulimits: (value) =>
    Object.entries(record(value) ?? {}).flatMap(([name, limit]) => {
      const { soft, hard } = record(limit) ?? { soft: limit };
      const said = [soft, hard].map(textOf).filter((part) => part !== undefined);
      return said.length === 0 ? [] : ["--ulimit", `${name}=${said.join(":")}`];
    }),
  mem_limit: one("--memory"),
  mem_reservation: one("--memory-reservation"),
  memswap_limit: one("--memory-swap"),
  mem_swappiness: one("--memory-swappiness"),
  oom_kill_disable: whether("--oom-kill-disable"),
  oom_score_adj: one("--oom-score-adj"),
  cpus: one("--cpus"),
  cpu_shares: one("--cpu-shares"),
  cpu_quota: one("--cpu-quota"),
  cpu_period: one("--cpu-period"),
  cpuset: one("--cpuset-cpus"),
  pids_limit: one("--pids-limit"),
  shm_size: one("--shm-size"),
  stop_signal: one("--stop-signal"),
  stop_grace_period: seconds("--stop-timeout"),
  logging: (value, skip, stack) => {
    const { driver, options } = record(value) ?? {};
    return [...one("--log-driver")(driver, skip, stack), ...pairs("--log-opt")(options, skip, stack)];
  },
  healthcheck: healthWords,
};
/** Keys that are said in another way, or that mean nothing for one machine. */
const silent = new Set([
  "image",
  "build",
  "command",
  "entrypoint",
  "container_name",
  "networks",
  "network_mode",
  "depends_on",
  "profiles",
]);

export function serviceWords(stack: Stack, name: string, service: Fields): ServiceLines {
  const skipped: string[] = [];
  const skip = (what: string): void => void skipped.push(what);
  for (const key of Object.keys(service))
    if (!silent.has(key) && !Object.hasOwn(sayers, key) && !key.startsWith("x-")) skip(`"${key}" is left out.`);
  const dependencies = dependenciesOf(service);
  for (const [other, condition] of dependencies)
    if (condition === "service_healthy") skip(`does not wait until ${other} is healthy.`);
  const container = containerOf(stack, name);
  const mode = sharedWith(textOf(service.network_mode), stack);
  const networks = mode === undefined ? networksOf(stack, name, service, skip) : [];
  const [first, ...others] = networks;
  const said = Object.entries(sayers).flatMap(([key, say]) =>
    Object.hasOwn(service, key) ? say(service[key], skip, stack) : [],
  );
  const entrypoint = wordsOf(service.entrypoint);
  return {
    before: dependencies
      .filter(([, condition]) => condition === "service_completed_successfully")
      .map(([other]) => ["docker", "wait", containerOf(stack, other)]),
    run: [
      ...["docker", "run", "-d", "--name", container],
      ...(mode === undefined ? [] : ["--network", mode]),
      ...(first === undefined ? [] : ["--network", first.full, ...first.said("--network-alias")]),
      ...said,
      ...(entrypoint[0] === undefined ? [] : ["--entrypoint", entrypoint[0]]),
      textOf(service.image) ?? "",
      ...entrypoint.slice(1),
      ...wordsOf(service.command),
    ],
    connect: others.map(({ full, said: words }) => [
      ...["docker", "network", "connect"],
      ...words("--alias"),
      full,
      container,
    ]),
    networks: networks.filter(({ external }) => !external).map(({ key }) => key),
    skipped,
  };
}

const wordsOf = (value: unknown): readonly string[] =>
  typeof value === "string" ? (splitWords(value) ?? []) : listOf(value);

/** "service:NAME" is that service's container. */
function sharedWith(mode: string | undefined, stack: Stack): string | undefined {
  const service = mode?.match(/^service:(.+)$/)?.[1];
  return service === undefined ? mode : `container:${containerOf(stack, service)}`;
}

type OfNetwork = Named & { readonly said: (aliasFlag: string) => Said };

function networksOf(stack: Stack, name: string, service: Fields, skip: (what: string) => void): readonly OfNetwork[] {
  const asked = record(service.networks);
  const keys = asked === undefined ? listOf(service.networks) : Object.keys(asked);
  return (keys.length === 0 ? ["default"] : keys).map((key): OfNetwork => {
    const settings = record(asked?.[key]) ?? {};
    for (const setting of Object.keys(settings))
      if (!["aliases", "ipv4_address", "ipv6_address", "priority"].includes(setting))
        skip(`"${setting}" of the network ${key} is left out.`);
    const said = (aliasFlag: string): Said => [
      ...[name, ...listOf(settings.aliases)].flatMap((alias) => [aliasFlag, alias]),
      ...one("--ip")(settings.ipv4_address, skip, stack),
      ...one("--ip6")(settings.ipv6_address, skip, stack),
    ];
    return { ...named(stack, "networks", key), said };
  });
}

function portWords(port: unknown, skip: (what: string) => void): Said {
  const text = textOf(port);
  if (text !== undefined) return ["-p", text];
  const { target, published, host_ip: address, protocol } = record(port) ?? {};
  if (textOf(target) === undefined) {
    skip("a port without a target is left out.");
    return [];
  }
  const host = [textOf(address), textOf(published) ?? (address === undefined ? undefined : "")].filter(
    (part) => part !== undefined,
  );
  return ["-p", `${[...host, textOf(target)].join(":")}${textOf(protocol) === "udp" ? "/udp" : ""}`];
}

/** Named and unnamed volumes; folders of the author's disk are not here. */
function volumeWords(volume: unknown, skip: (what: string) => void, stack: Stack): Said {
  const fields = record(volume);
  const parts = (textOf(volume) ?? "").split(":");
  const [source, target, mode] =
    fields === undefined
      ? parts.length === 1
        ? [undefined, parts[0], undefined]
        : parts
      : [textOf(fields.source), textOf(fields.target), fields.read_only === true ? "ro" : undefined];
  if (target === undefined || target === "") return [];
  if (fields?.type === "tmpfs") return ["--tmpfs", target];
  if (source !== undefined && (/^[./~]/.test(source) || fields?.type === "bind")) {
    if (source === "/var/run/docker.sock") return ["-v", `${source}:${target}`];
    skip(`${source} is a folder of its author's disk: nothing is mounted at ${target}.`);
    return [];
  }
  const full = source === undefined ? undefined : named(stack, "volumes", source).full;
  return ["-v", [full, target, mode].filter((part) => part !== undefined).join(":")];
}

function healthWords(value: unknown): Said {
  const check = record(value);
  if (check === undefined) return [];
  if (check.disable === true) return ["--no-healthcheck"];
  const test = listOf(check.test);
  const [kind] = test;
  const command =
    typeof check.test === "string"
      ? check.test
      : kind === "CMD"
        ? joinWords(test.slice(1))
        : kind === "CMD-SHELL"
          ? test.slice(1).join(" ")
          : undefined;
  if (kind === "NONE") return ["--no-healthcheck"];
  if (command === undefined) return [];
  return [
    "--health-cmd",
    command,
    ...(
      [
        ["interval", "--health-interval"],
        ["timeout", "--health-timeout"],
        ["retries", "--health-retries"],
        ["start_period", "--health-start-period"],
        ["start_interval", "--health-start-interval"],
      ] as const
    ).flatMap(([key, flag]) => {
      const text = textOf(check[key]);
      return text === undefined ? [] : [flag, text];
    }),
  ];
}
