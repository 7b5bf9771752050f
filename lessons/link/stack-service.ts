/** One service of a Compose file as the words of `docker run`, and what of it cannot be said so. */
import { type Fields, isFields, listOf, pairsOf, record, textOf } from "./stack-values.ts";
import { splitWords } from "./words.ts";

export interface ServiceLines {
  readonly run: readonly string[];
  /** Networks after the first: a container is run in one. */
  readonly connect: readonly (readonly string[])[];
  readonly networks: readonly string[];
  readonly skipped: readonly string[];
}

type Said = readonly string[];
type Sayer = (value: unknown, skip: (what: string) => void, project: string) => Said;

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

/** Keys with a flag of their own, in the order in which the line says them. */
const sayers: Readonly<Record<string, Sayer>> = {
  hostname: one("--hostname"),
  user: one("--user"),
  working_dir: one("--workdir"),
  environment: (value, skip) =>
    pairsOf(value).flatMap(([key, item]) => {
      if (item === undefined) skip(`the variable ${key} has no value here.`);
      return item === undefined ? [] : ["-e", `${key}=${item}`];
    }),
  ports: (value, skip) => (Array.isArray(value) ? value : []).flatMap((port) => portWords(port, skip)),
  expose: each("--expose"),
  volumes: (value, skip, project) =>
    (Array.isArray(value) ? value : []).flatMap((volume) => volumeWords(volume, skip, project)),
  tmpfs: each("--tmpfs"),
  restart: one("--restart"),
  labels: pairs("--label"),
  cap_add: each("--cap-add"),
  cap_drop: each("--cap-drop"),
  security_opt: each("--security-opt"),
  sysctls: pairs("--sysctl"),
  dns: each("--dns"),
  extra_hosts: (value) =>
    pairsOf(value).flatMap(([host, address]) => ["--add-host", address === undefined ? host : `${host}:${address}`]),
  read_only: whether("--read-only"),
  privileged: whether("--privileged"),
  init: whether("--init"),
  tty: whether("-t"),
  stdin_open: whether("-i"),
  mem_limit: one("--memory"),
  cpus: one("--cpus"),
  pids_limit: one("--pids-limit"),
  shm_size: one("--shm-size"),
  stop_signal: one("--stop-signal"),
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
  "pull_policy",
  "platform",
  "logging",
  "stop_grace_period",
]);

export function serviceWords(project: string, name: string, service: Fields, file: Fields): ServiceLines {
  const skipped: string[] = [];
  const skip = (what: string): void => void skipped.push(what);
  for (const key of Object.keys(service))
    if (!silent.has(key) && !Object.hasOwn(sayers, key) && !key.startsWith("x-")) skip(`"${key}" is left out.`);
  const container = textOf(service.container_name) ?? `${project}-${name}-1`;
  const networks = networksOf(project, service, file);
  const [first] = networks;
  const alias = (network: string): Said => ["--network-alias", name, ...aliases(service, network)];
  const mode = textOf(service.network_mode);
  const said = Object.entries(sayers).flatMap(([key, say]) =>
    Object.hasOwn(service, key) ? say(service[key], skip, project) : [],
  );
  const entrypoint = wordsOf(service.entrypoint);
  return {
    run: [
      ...["docker", "run", "-d", "--name", container],
      ...(mode !== undefined
        ? ["--network", mode]
        : first === undefined
          ? []
          : ["--network", first.full, ...alias(first.key)]),
      ...said,
      ...(entrypoint[0] === undefined ? [] : ["--entrypoint", entrypoint[0]]),
      textOf(service.image) ?? "",
      ...entrypoint.slice(1),
      ...wordsOf(service.command),
    ],
    connect:
      mode !== undefined
        ? []
        : networks.slice(1).map(({ full }) => ["docker", "network", "connect", "--alias", name, full, container]),
    networks: mode !== undefined ? [] : networks.filter(({ external }) => !external).map(({ full }) => full),
    skipped,
  };
}

const wordsOf = (value: unknown): readonly string[] =>
  typeof value === "string" ? (splitWords(value) ?? []) : listOf(value);

function networksOf(project: string, service: Fields, file: Fields) {
  const names = isFields(service.networks) ? Object.keys(service.networks) : listOf(service.networks);
  return (names.length === 0 ? ["default"] : names).map((key) => {
    const defined = record(record(file.networks)?.[key]);
    const external = defined?.external === true;
    return { key, external, full: textOf(defined?.name) ?? (external ? key : `${project}_${key}`) };
  });
}

const aliases = (service: Fields, network: string): Said =>
  listOf(record(record(service.networks)?.[network])?.aliases).flatMap((name) => ["--network-alias", name]);

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
function volumeWords(volume: unknown, skip: (what: string) => void, project: string): Said {
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
  if (source !== undefined && /^[./~]/.test(source)) {
    if (source === "/var/run/docker.sock") return ["-v", `${source}:${target}`];
    skip(`${source} is a folder of its author's disk: nothing is mounted at ${target}.`);
    return [];
  }
  const said = [source === undefined ? undefined : `${project}_${source}`, target, mode].filter(
    (part) => part !== undefined,
  );
  return ["-v", said.join(":")];
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
      : kind === "CMD" || kind === "CMD-SHELL"
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
      ] as const
    ).flatMap(([key, flag]) => {
      const text = textOf(check[key]);
      return text === undefined ? [] : [flag, text];
    }),
  ];
}
