/** `docker context …`. */

import { parseCsv } from "../../../go/csv.ts";
import { resolvePath, saveConfig } from "../../config/config-file.ts";
import {
  type ContextMeta,
  defaultContext,
  directoryOfContext,
  hostOf,
  listContexts,
  readContext,
  writeContext,
} from "../../config/contexts.ts";
import { cut } from "../../flags/values.ts";
import { formatRows } from "../../format/formatter.ts";
import { inspectAll } from "../../format/inspect.ts";
import { ellipsis, naturalCompare } from "../../format/text.ts";
import { tarBytes, untarFiles } from "../../io/small-tar.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf, throwJoined } from "../../session/errors.ts";
import { Methods } from "../../template/value.ts";

const headers = { Name: "NAME", Description: "DESCRIPTION", DockerEndpoint: "DOCKER ENDPOINT", Error: "ERROR" };

function checkName(name: string): void {
  if (name === "") throw new CliError("context name cannot be empty");
  if (name === "default") throw new CliError('"default" is a reserved context name');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/.test(name))
    throw new CliError(
      `context name ${JSON.stringify(name)} is invalid, names are validated against regexp "^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$"`,
    );
}

async function checkNew(context: Context, name: string): Promise<void> {
  checkName(name);
  const exists = await readContext(context.invocation, context.configDirectory, name).then(
    () => true,
    () => false,
  );
  if (exists) throw new CliError(`context ${JSON.stringify(name)} already exists`);
}

const descriptionOf = (meta: ContextMeta): string =>
  meta.Name === "default" ? "Current DOCKER_HOST based configuration" : String(meta.Metadata.Description ?? "");

export const list: Handler = async ({ flags, invocation, configDirectory, contextName, out, err }) => {
  const metas = await listContexts(invocation, configDirectory);
  const rows = metas.map((meta) => ({
    name: meta.Name,
    description: descriptionOf(meta),
    host: hostOf(meta),
    error: "",
  }));
  if (!rows.some((r) => r.name === contextName)) {
    const error = await readContext(invocation, configDirectory, contextName).then(() => "", messageOf);
    rows.push({ name: contextName, description: "", host: "", error });
  }
  const given = flags.string("format");
  const format = flags.bool("quiet")
    ? "{{.Name}}"
    : given === "" || given === "table"
      ? "table {{.Name}}{{if .Current}} *{{end}}\\t{{.Description}}\\t{{.DockerEndpoint}}\\t{{.Error}}"
      : given;
  out.print(
    formatRows(
      format,
      headers,
      rows
        .sort((a, b) => naturalCompare(a.name, b.name))
        .map(
          (r) =>
            new Methods("*formatter.clientContextContext", {
              Current: () => r.name === contextName,
              Name: () => r.name,
              Description: () => r.description,
              DockerEndpoint: () => r.host,
              Error: () => ellipsis(r.error, 45),
            }),
        ),
    ),
  );
  if ((invocation.env.DOCKER_HOST ?? "") !== "")
    err.line(
      "Warning: DOCKER_HOST environment variable overrides the active context. To use a context, either set the global --context flag, or unset DOCKER_HOST environment variable.",
    );
  return 0;
};

export const show: Handler = async ({ out, contextName }) => {
  out.line(contextName);
  return 0;
};

export const use: Handler = async (context) => {
  const { args, config, out, err, invocation, configDirectory } = context;
  const [name = ""] = args;
  if (name !== "default") {
    checkName(name);
    await readContext(invocation, configDirectory, name);
  }
  const value = name === "default" ? undefined : name;
  if (config.currentContext !== value) {
    const { currentContext: _, ...rest } = config;
    await saveConfig(invocation, configDirectory, value === undefined ? rest : { ...rest, currentContext: value });
  }
  out.line(name);
  err.line(`Current context is now ${JSON.stringify(name)}`);
  if (name !== "default" && (invocation.env.DOCKER_HOST ?? "") !== "")
    err.line(
      `Warning: DOCKER_HOST environment variable overrides the active context. To use ${JSON.stringify(name)}, either set the global --context flag, or unset DOCKER_HOST environment variable.`,
    );
  return 0;
};

/** `--docker host=tcp://…,skip-tls-verify=true` or from=NAME. */
async function endpointOf(context: Context, given: readonly string[]): Promise<ContextMeta["Endpoints"]> {
  const options: Record<string, string> = {};
  for (const pair of given.flatMap((g) => parseCsv(g))) {
    const [key, value] = cut(pair, "=");
    if (!["from", "host", "ca", "cert", "key", "skip-tls-verify"].includes(key))
      throw new CliError(`unable to create docker endpoint config: unrecognized config key: ${key}`);
    options[key] = value;
  }
  if (options.from !== undefined) {
    const source = await readContext(context.invocation, context.configDirectory, options.from);
    return source.Endpoints;
  }
  return { docker: { Host: options.host ?? "", SkipTLSVerify: options["skip-tls-verify"] === "true" } };
}

export const create: Handler = async (context) => {
  const { flags, args, invocation, configDirectory, out, err } = context;
  const [name = ""] = args;
  await checkNew(context, name);
  const docker = flags.list("docker");
  const from = flags.string("from");
  if (from !== "" && docker.length > 0) throw new CliError("cannot use --docker flag when --from is set");
  const source =
    docker.length === 0 ? await readContext(invocation, configDirectory, from || context.contextName) : undefined;
  const description = flags.string("description");
  await writeContext(invocation, configDirectory, {
    Name: name,
    Metadata: { ...(source?.Metadata ?? {}), ...(description !== "" && { Description: description }) },
    Endpoints: source?.Endpoints ?? (await endpointOf(context, docker)),
  });
  out.line(name);
  err.line(`Successfully created context ${JSON.stringify(name)}`);
  return 0;
};

export const update: Handler = async (context) => {
  const { flags, args, invocation, configDirectory, out, err } = context;
  const [name = ""] = args;
  checkName(name);
  const meta = await readContext(invocation, configDirectory, name);
  const description = flags.string("description");
  const docker = flags.list("docker");
  await writeContext(invocation, configDirectory, {
    ...meta,
    Metadata: { ...meta.Metadata, ...(description !== "" && { Description: description }) },
    Endpoints: docker.length === 0 ? meta.Endpoints : { ...meta.Endpoints, ...(await endpointOf(context, docker)) },
  });
  out.line(name);
  err.line(`Successfully updated context ${JSON.stringify(name)}`);
  return 0;
};

export const remove: Handler = async (context) => {
  const { flags, args, invocation, configDirectory, config, contextName, out } = context;
  const force = flags.bool("force");
  const errors: unknown[] = [];
  for (const name of args) {
    try {
      if (name === "default") throw new CliError('context "default" cannot be removed');
      if (name === contextName) {
        if (!force) throw new CliError(`context ${JSON.stringify(name)} is in use, set -f flag to force remove`);
        const { currentContext: _, ...rest } = config;
        await saveConfig(invocation, configDirectory, rest);
      }
      const directory = resolvePath(invocation.cwd, await directoryOfContext(configDirectory, name));
      if ((await invocation.files.stat(directory)) === undefined) {
        if (!force) throw new CliError(`context ${JSON.stringify(name)} does not exist`);
      } else await invocation.files.remove(directory);
      out.line(name);
    } catch (error) {
      errors.push(error);
    }
  }
  throwJoined(errors);
  return 0;
};

export const inspect: Handler = async (context) => {
  const { args, invocation, configDirectory, contextName } = context;
  const find = async (name: string) => {
    const meta = await readContext(invocation, configDirectory, name);
    const metadata = await directoryOfContext(configDirectory, name);
    const isDefault = name === "default";
    return {
      type: "context.contextWithTLSListing",
      own: true,
      raw: false,
      value: {
        ...meta,
        TLSMaterial: {},
        Storage: {
          MetadataPath: isDefault ? "<IN MEMORY>" : metadata,
          TLSPath: isDefault ? "<IN MEMORY>" : metadata.replace("/contexts/meta/", "/contexts/tls/"),
        },
      },
    };
  };
  return inspectAll(context, find, args.length === 0 ? [contextName] : args);
};

export const exportContext: Handler = async (context) => {
  const { args, invocation, configDirectory, out, err } = context;
  const [name = "", target = `${name}.dockercontext`] = args;
  const meta =
    name === "default" ? defaultContext(invocation.env) : await readContext(invocation, configDirectory, name);
  const bytes = tarBytes([{ path: "meta.json", data: new TextEncoder().encode(JSON.stringify(meta)) }]);
  if (target === "-") {
    if (out.isTerminal) throw new CliError("cowardly refusing to export to a terminal, specify a file path");
    await out.write(bytes);
    return 0;
  }
  const path = resolvePath(invocation.cwd, target);
  if ((await invocation.files.stat(path)) !== undefined) throw new CliError(`open ${target}: file exists`);
  const writer = invocation.files.create(path, { mode: 0o600 }).getWriter();
  await writer.write(bytes);
  await writer.close();
  err.line(`Written file ${JSON.stringify(target)}`);
  return 0;
};

export const importContext: Handler = async (context) => {
  const { args, invocation, configDirectory, out, err } = context;
  const [name = "", source = ""] = args;
  await checkNew(context, name);
  const bytes =
    source === "-"
      ? new Uint8Array(await new Response(invocation.stdin).arrayBuffer())
      : await invocation.files.read(resolvePath(invocation.cwd, source)).catch((error) => {
          throw new CliError(messageOf(error).replace(resolvePath(invocation.cwd, source), source));
        });
  // As Go's reader of archives ends with less than a header.
  if (bytes.length > 0 && bytes.length < 512) throw new CliError("unexpected EOF");
  const file = untarFiles(bytes).find((f) => f.path === "meta.json");
  if (file === undefined) throw new CliError("invalid context: no metadata found");
  const meta = JSON.parse(new TextDecoder().decode(file.data)) as ContextMeta;
  await writeContext(invocation, configDirectory, { ...meta, Name: name });
  out.line(name);
  err.line(`Successfully imported context ${JSON.stringify(name)}`);
  return 0;
};
