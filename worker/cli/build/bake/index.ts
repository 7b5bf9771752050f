/** `docker buildx bake`: builds the targets of a file, side by side. */

import { parseBytes } from "../../../go/units.ts";
import { resolvePath, writeFile } from "../../config/config-file.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";
import { answerOf } from "../calls.ts";
import { displayFor, progressOf } from "../display.ts";
import { explanation } from "../explanation.ts";
import { metadataOf } from "../metadata.ts";
import { attestsOf, type BuildOptions, callOf } from "../options.ts";
import { type Performed, performBuild } from "../perform.ts";
import { readDefinitions } from "./files.ts";
import { isRemote, placed } from "./remote.ts";
import { entryText, type Override, parseOverride, resolveTargets } from "./resolve.ts";
import { SharedDisplay } from "./shared-display.ts";
import { listed, printed } from "./show.ts";
import type { Target } from "./target.ts";

export const bake: Handler = async (context) => {
  const { flags, out, invocation, err } = context;
  const [first = "", ...others] = context.args;
  const [address, args] = isRemote(first) ? [first, others] : ["", context.args];
  const progress = progressOf(context);
  const onlyShows = flags.bool("print") || flags.string("list") !== "";
  const display = await displayFor(context, progress, { headless: onlyShows });
  const definitions = await readDefinitions(context, address, flags.list("file"), display);
  if (flags.string("list") !== "") {
    const text = listed(definitions, flags.string("list"));
    if (text === undefined) throw new CliError(`invalid list type ${flags.string("list")}`);
    out.print(text);
    return 0;
  }
  const overrides = [...flags.list("set").map((text) => parseOverride(text, invocation.env)), ...shortcuts(context)];
  const resolved = resolveTargets(definitions, args, overrides);
  if (flags.bool("print")) {
    out.print(printed(resolved));
    return 0;
  }
  const call = callOf(flags);
  const attests = attestsOf(flags);
  const shared = new SharedDisplay(display, resolved.targets.size > 1);
  const running = new Map<string, Promise<Performed>>();
  const build = (name: string): Promise<Performed> => {
    const known = running.get(name);
    if (known !== undefined) return known;
    const target = resolved.targets.get(name) ?? {};
    const options = optionsOfTarget(address === "" ? target : placed(target, address), { call, attests });
    const work = linked(options, build).then((whole) => performBuild(context, whole, shared.of(name)));
    running.set(name, work);
    return work;
  };
  const names = [...resolved.targets.keys()];
  const ended = await Promise.allSettled(names.map(build));
  await shared.close();
  const failed = ended.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const done = await Promise.all(names.map(async (name) => [name, await build(name)] as const));
  let code = 0;
  for (const [name, { result, source }] of done) {
    if (call.method !== "build") {
      out.line(name);
      if (call.method === "check") out.line("");
      code = Math.max(code, answerOf(context, call, result, source));
    }
    if (flags.bool("explain")) err.print(`\n${name}${explanation(result.steps)}`);
  }
  if (flags.string("metadata-file") !== "") {
    const metadata = Object.fromEntries(
      done.map(([name, { result }]) => [
        name,
        metadataOf(result, optionsOfTarget(resolved.targets.get(name) ?? {}, { call, attests })),
      ]),
    );
    const path = resolvePath(invocation.cwd, flags.string("metadata-file"));
    await writeFile(invocation, path, JSON.stringify(metadata, undefined, 2), 0o644);
  }
  return code;
};

/** Flags that are short for `--set=*.…`. */
function shortcuts({ flags }: Context): readonly Override[] {
  const on = (key: string): Override => ({ pattern: "*", path: [key], value: "true", add: false });
  return ["push", "load", "pull", "no-cache"].filter((name) => flags.bool(name)).map(on);
}

/** A context "target:NAME" is that target's image. */
async function linked(options: BuildOptions, build: (name: string) => Promise<Performed>): Promise<BuildOptions> {
  const contexts = await Promise.all(
    options.contexts.map(async (text) => {
      const match = /^([^=]+)=target:(.*)$/.exec(text);
      if (match === null) return text;
      const { result } = await build(match[2] ?? "");
      return `${match[1]}=docker-image://${result.image ?? ""}`;
    }),
  );
  return { ...options, contexts };
}

const pairs = (record: Readonly<Record<string, string>> | undefined): readonly string[] =>
  Object.entries(record ?? {}).map(([name, value]) => `${name}=${value}`);

function optionsOfTarget(target: Target, { call, attests }: Pick<BuildOptions, "call" | "attests">): BuildOptions {
  const { context = ".", dockerfile = "", output = [] } = target;
  const texts = (entries: Target["output"]): readonly string[] => (entries ?? []).map(entryText);
  const isLocal = !/^(https?|git|ssh):|^git@/.test(context);
  // The Dockerfile of a bake file is looked for in the context.
  const file = isLocal && dockerfile !== "" && !dockerfile.startsWith("/") ? `${context}/${dockerfile}` : dockerfile;
  return {
    context,
    file: target["dockerfile-inline"] === undefined ? file : "",
    inline: target["dockerfile-inline"],
    target: target.target ?? "",
    buildArgs: pairs(target.args),
    labels: pairs(target.labels),
    tags: target.tags ?? [],
    noCache: target["no-cache"] === true,
    noCacheFilter: target["no-cache-filter"] ?? [],
    pull: target.pull === true,
    platforms: target.platforms ?? [],
    network: target.network ?? "",
    addHosts: pairs(target["extra-hosts"]),
    shmSize: target["shm-size"] === undefined ? 0 : parseBytes(target["shm-size"]),
    ulimits: target.ulimits ?? [],
    secrets: texts(target.secret),
    ssh: texts(target.ssh),
    contexts: pairs(target.contexts),
    outputs: texts(output),
    push: false,
    load: false,
    cacheFrom: texts(target["cache-from"]),
    cacheTo: texts(target["cache-to"]),
    attests: [...attests, ...texts(target.attest).filter((text) => !/disabled=true/.test(text))],
    annotations: target.annotations ?? [],
    allow: target.entitlements ?? [],
    cgroupParent: "",
    limits: {},
    call: target.call === undefined || call.method !== "build" ? call : { method: target.call, json: false },
  };
}
