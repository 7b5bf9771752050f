/** What one build was asked for, in the words of the command line: of `docker build`'s flags, or of a target of a bake file. */

import { parseCsv } from "../../go/csv.ts";
import type { Flags } from "../flags/flags.ts";
import { CliError } from "../session/errors.ts";

export interface BuildOptions {
  /** A folder, an address, or "-" for standard input. */
  readonly context: string;
  /** Of the Dockerfile; "" is the one in the context, "-" standard input. */
  readonly file: string;
  /** The Dockerfile's text itself. */
  readonly inline: string | undefined;
  readonly target: string;
  /** "NAME=value", or "NAME" for a variable of the environment. */
  readonly buildArgs: readonly string[];
  readonly labels: readonly string[];
  readonly tags: readonly string[];
  readonly noCache: boolean;
  readonly noCacheFilter: readonly string[];
  readonly pull: boolean;
  readonly platforms: readonly string[];
  readonly network: string;
  readonly addHosts: readonly string[];
  readonly shmSize: number;
  readonly ulimits: readonly string[];
  readonly secrets: readonly string[];
  readonly ssh: readonly string[];
  /** "name=folder or address". */
  readonly contexts: readonly string[];
  readonly outputs: readonly string[];
  readonly push: boolean;
  readonly load: boolean;
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly attests: readonly string[];
  /** "key=value", "TYPE,TYPE:key=value" or "TYPE[PLATFORM]:key=value". */
  readonly annotations: readonly string[];
  readonly allow: readonly string[];
  readonly cgroupParent: string;
  readonly limits: Readonly<Record<string, number | string>>;
  readonly call: Call;
}

/** `--call`: what is done with the Dockerfile, and how the answer is printed. */
export interface Call {
  readonly method: string;
  readonly json: boolean;
}

export function callOf(flags: Flags): Call {
  const text = flags.string("call");
  if (flags.bool("check")) {
    if (text !== "" && text !== "check") throw new CliError("check and call cannot be used together");
    return { method: "check", json: false };
  }
  const [method = "", ...fields] = text === "" ? ["build"] : parseCsv(text);
  return { method, json: fields.includes("format=json") };
}

/** `--provenance` and `--sbom` are short for `--attest`; "false" asks for nothing. */
export function attestsOf(flags: Flags): readonly string[] {
  const asked: string[] = [...flags.list("attest")];
  for (const text of asked)
    for (const field of parseCsv(text)) if (!field.includes("=")) throw new CliError(`invalid value ${field}`);
  for (const type of ["provenance", "sbom"])
    if (flags.changed(type) && !["false", "0"].includes(flags.string(type)))
      asked.push(`type=${type}${flags.string(type) === "true" ? "" : `,${flags.string(type)}`}`);
  return asked.filter((text) => !/(^|,)disabled=true(,|$)/.test(text));
}

export function optionsOfFlags(flags: Flags, context: string): BuildOptions {
  return {
    context,
    file: flags.string("file"),
    inline: undefined,
    target: flags.string("target"),
    buildArgs: flags.list("build-arg"),
    labels: flags.list("label"),
    tags: flags.list("tag"),
    noCache: flags.bool("no-cache"),
    noCacheFilter: flags.list("no-cache-filter").flatMap((text) => text.split(",")),
    pull: flags.bool("pull"),
    platforms: flags.list("platform").flatMap((text) => text.split(",")),
    network: flags.string("network"),
    addHosts: flags.list("add-host"),
    shmSize: flags.number("shm-size"),
    ulimits: flags.list("ulimit"),
    secrets: flags.list("secret"),
    ssh: flags.list("ssh"),
    contexts: flags.list("build-context"),
    outputs: flags.list("output"),
    push: flags.bool("push"),
    load: flags.bool("load"),
    cacheFrom: flags.list("cache-from"),
    cacheTo: flags.list("cache-to"),
    attests: attestsOf(flags),
    annotations: flags.list("annotation"),
    allow: flags.list("allow"),
    cgroupParent: flags.string("cgroup-parent"),
    limits: {
      memory: flags.number("memory"),
      memorySwap: flags.number("memory-swap"),
      cpuShares: flags.number("cpu-shares"),
      cpuPeriod: flags.number("cpu-period"),
      cpuQuota: flags.number("cpu-quota"),
      cpusetCpus: flags.string("cpuset-cpus"),
      cpusetMems: flags.string("cpuset-mems"),
    },
    call: callOf(flags),
  };
}
