/** Checks of list-like flags that docker/cli does while it parses (its opts.Validate… functions). */

import { parseCsv } from "../../go/csv.ts";
import { parseBytes } from "../../go/units.ts";
import { ValueError } from "../../go/value-error.ts";
import type { CommandNode } from "../command/tree.ts";
import { parseMount } from "../run/mount.ts";
import { parseAttachment } from "../run/network.ts";
import { parseGpus } from "../run/resources.ts";
import type { ListCheck } from "./flags.ts";
import { cut, parseUlimit } from "./values.ts";

const fail = (message: string): never => {
  throw new ValueError(message);
};

/** `-e NAME` takes the value from the caller's environment. */
const envCheck =
  (env: Readonly<Record<string, string>>): ListCheck =>
  (value) => {
    const [name, , has] = cut(value, "=");
    if (name === "") return fail(`invalid environment variable: ${value}`);
    return has || env[name] === undefined ? value : `${name}=${env[name]}`;
  };

const label: ListCheck = (value) => {
  const name = cut(value, "=")[0].replace(/^[ \t]+/, "");
  if (name === "") return fail(`invalid label '${value}': empty name`);
  return /[ \t]/.test(name) ? fail(`label '${name}' contains whitespaces`) : value;
};

const attach: ListCheck = (value) =>
  ["stdin", "stdout", "stderr"].includes(value.toLowerCase())
    ? value.toLowerCase()
    : fail("valid streams are STDIN, STDOUT and STDERR");

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
export const isIpv4 = (text: string): boolean => ipv4.test(text);
export function isIpv6(text: string): boolean {
  const address = text.replace(/%.*$/, "");
  if (!/^[\da-fA-F:.]+$/.test(address) || !address.includes(":")) return false;
  try {
    return new URL(`http://[${address}]/`).hostname !== "";
  } catch {
    return false;
  }
}

const ipAddress: ListCheck = (value) =>
  isIpv4(value.trim()) || isIpv6(value.trim()) ? value.trim() : fail(`IP address is not correctly formatted: ${value}`);

const extraHost: ListCheck = (value) => {
  const separator = /[:=]/.exec(value)?.index;
  const name = separator === undefined ? value : value.slice(0, separator);
  if (separator === undefined || name === "") return fail(`bad format for add-host: ${JSON.stringify(value)}`);
  let address = value.slice(separator + 1);
  if (address.startsWith("[") && address.endsWith("]")) address = address.slice(1, -1);
  if (address !== "host-gateway" && !isIpv4(address) && !isIpv6(address))
    return fail(`invalid IP address in add-host: ${JSON.stringify(address)}`);
  return `${name}:${address}`;
};

const dnsSearch: ListCheck = (value) => {
  const domain = value.trim();
  if (domain === ".") return domain;
  const valid =
    /[a-zA-Z]/.test(domain) &&
    /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*)\.?$/.test(
      domain,
    );
  return valid && domain.length < 255 ? domain : fail(`${value} is not a valid domain`);
};

const link: ListCheck = (value) => {
  if (value === "") return fail("empty string specified for links");
  return value.split(":").length > 2 ? fail(`bad format for links: ${value}`) : value;
};

const deviceCgroupRule: ListCheck = (value) =>
  /^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(value) ? value : fail(`invalid device cgroup format '${value}'`);

function devicePair(value: string): readonly [string, string] {
  const [path, rest, ok] = cut(value, ":");
  if (!ok || path === "") return fail(`bad format: ${value}`);
  if (!path.startsWith("/dev/")) return fail(`bad format for device path: ${value}`);
  return [path, rest];
}
const weightDevice: ListCheck = (value) => {
  const [, weight] = devicePair(value);
  const number = Number(weight);
  if (!/^\d+$/.test(weight) || number > 65_535 || (number > 0 && (number < 10 || number > 1000)))
    return fail(`invalid weight for device: ${value}`);
  return value;
};
const rateWords = "The correct format is <device-path>:<number>";
const throttleBytes: ListCheck = (value) => {
  const [, rate] = devicePair(value);
  try {
    parseBytes(rate);
  } catch {
    return fail(
      `invalid rate for device: ${value}. ${rateWords}[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`,
    );
  }
  return value;
};
const throttleOperations: ListCheck = (value) =>
  /^\d+$/.test(devicePair(value)[1])
    ? value
    : fail(`invalid rate for device: ${value}. ${rateWords}. Number must be a positive integer`);

const sysctls = [
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
];
const sysctl: ListCheck = (value) => {
  const [name, , ok] = cut(value, "=");
  const known = sysctls.includes(name) || name.startsWith("net.") || name.startsWith("fs.mqueue.");
  return ok && name !== "" && known ? value : fail(`sysctl '${value}' is not allowed`);
};

/** The value is kept as it is, if it can be read. */
function valid(read: (value: string) => unknown): ListCheck {
  return (value) => {
    read(value);
    return value;
  };
}
const ulimit = valid(parseUlimit);
const mount = valid((value) => parseMount(value, "/"));

const common: Readonly<Record<string, ListCheck>> = {
  attach,
  dns: ipAddress,
  "dns-search": dnsSearch,
  "add-host": extraHost,
  label,
  link,
  "link-local-ip": (value) => value,
  "device-cgroup-rule": deviceCgroupRule,
  "blkio-weight-device": weightDevice,
  "device-read-bps": throttleBytes,
  "device-write-bps": throttleBytes,
  "device-read-iops": throttleOperations,
  "device-write-iops": throttleOperations,
  sysctl,
  ulimit,
  mount,
  net: valid(parseAttachment),
  network: valid(parseAttachment),
  gpus: valid(parseGpus),
};

const credentialSpec: ListCheck = (value) =>
  /^($|config:\/\/|file:\/\/|registry:\/\/)/.test(value)
    ? value
    : fail('invalid credential spec: value must be prefixed with "config://", "file://", or "registry://"');

const ofServices: Readonly<Record<string, ListCheck>> = {
  ulimit,
  "ulimit-add": ulimit,
  mount,
  "mount-add": mount,
  "credential-spec": credentialSpec,
};

const externalCa: ListCheck = (value) => {
  const fields = parseCsv(value).map((field) => {
    const [name, text, ok] = cut(field, "=");
    return ok ? ([name.toLowerCase(), text] as const) : fail(`invalid field '${field}' must be a key=value pair`);
  });
  const { protocol, url } = Object.fromEntries(fields);
  if (protocol !== undefined && protocol.toLowerCase() !== "cfssl")
    return fail(`unrecognized external CA protocol ${protocol}`);
  if (protocol === undefined) return fail("the external-ca option needs a protocol= parameter");
  return url === undefined ? fail("the external-ca option needs a url= parameter") : value;
};
const ofSwarms: Readonly<Record<string, ListCheck>> = { "external-ca": externalCa };

/** The check of a flag's values, by the flag's name, for one command. */
export function listChecks(
  node: CommandNode,
  env: Readonly<Record<string, string>>,
): (flag: string) => ListCheck | undefined {
  const checksEnv = envCheck(env);
  const [group] = node.canonical.split(" ");
  const checks = group === "service" ? ofServices : group === "swarm" ? ofSwarms : common;
  return (flag) => (flag === "env" ? checksEnv : checks[flag]);
}
