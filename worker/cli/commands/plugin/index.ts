/** `docker plugin …`: managed plugins of the engine. */
import { authHeader } from "../../config/auth.ts";
import { resolvePath } from "../../config/config-file.ts";
import { formatRows } from "../../format/formatter.ts";
import { ellipsis, naturalCompare, shortId } from "../../format/text.ts";
import { familiar, normalizedReference, withDefaultTag } from "../../image/reference.ts";
import { showProgress } from "../../io/progress.ts";
import { confirm } from "../../io/prompt.ts";
import { packTree } from "../../io/tar-pack.ts";
import { filterQuery, imagePath, readJson } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf, throwJoined } from "../../session/errors.ts";
import { Methods } from "../../template/value.ts";

interface Plugin {
  readonly Id: string;
  readonly Name: string;
  readonly Enabled: boolean;
  readonly Config: { readonly Description: string };
  readonly PluginReference?: string;
}
const headers = {
  ID: "ID",
  Name: "NAME",
  Description: "DESCRIPTION",
  Enabled: "ENABLED",
  PluginReference: "PLUGIN REFERENCE",
};

export const list: Handler = async ({ flags, client, config, out }) => {
  const plugins = await client.get<readonly Plugin[]>("/plugins", { filters: filterQuery(flags.filters()) });
  const quiet = flags.bool("quiet");
  const given = flags.string("format") || (quiet ? "" : (config.pluginsFormat ?? "")) || "table";
  const format =
    given === "table"
      ? quiet
        ? "{{.ID}}"
        : "table {{.ID}}\\t{{.Name}}\\t{{.Description}}\\t{{.Enabled}}"
      : given === "raw"
        ? quiet
          ? "plugin_id: {{.ID}}"
          : "plugin_id: {{.ID}}\\nname: {{.Name}}\\ndescription: {{.Description}}\\nenabled: {{.Enabled}}\\n"
        : given;
  const trunc = !flags.bool("no-trunc");
  const rows = plugins
    .toSorted((a, b) => naturalCompare(a.Name, b.Name))
    .map(
      (p) =>
        new Methods("*plugin.pluginContext", {
          ID: () => (trunc ? shortId(p.Id) : p.Id),
          Name: () => p.Name,
          Description: () => {
            const text = p.Config.Description.replaceAll(/[\n\r]/g, " ");
            return trunc ? ellipsis(text, 45) : text;
          },
          Enabled: () => p.Enabled,
          PluginReference: () => p.PluginReference ?? "",
        }),
    );
  out.print(formatRows(format, headers, rows));
  return 0;
};

const one =
  (call: (context: Context, name: string) => Promise<unknown>): Handler =>
  async (context) => {
    const [name = ""] = context.args;
    await call(context, name);
    context.out.line(name);
    return 0;
  };
export const enable = one(({ client, flags }, name) =>
  client.post(`/plugins/${imagePath(name)}/enable`, undefined, {
    timeout: flags.changed("timeout") ? flags.number("timeout") : 30,
  }),
);
export const disable = one(({ client, flags }, name) =>
  client.post(`/plugins/${imagePath(name)}/disable`, undefined, { force: flags.bool("force") }),
);

export const remove: Handler = async ({ flags, args, client, out }) => {
  const errors: unknown[] = [];
  for (const name of args) {
    try {
      await client.delete(`/plugins/${imagePath(name)}`, { force: flags.bool("force") });
      out.line(name);
    } catch (error) {
      errors.push(error);
    }
  }
  throwJoined(errors);
  return 0;
};

export const set: Handler = async ({ args, client }) => {
  const [name = "", ...settings] = args;
  await client.post(`/plugins/${imagePath(name)}/set`, settings);
  return 0;
};

interface Privilege {
  readonly Name: string;
  readonly Description: string;
  readonly Value: readonly string[];
}

/** Asks the engine what the plugin may do, and the user whether it may. */
async function privileges(context: Context, remote: string): Promise<readonly Privilege[]> {
  const { client, flags, out } = context;
  const response = await client.call("GET", "/plugins/privileges", {
    query: { remote },
    headers: await authHeader(context, remote),
  });
  const wanted = (await readJson(response)) as readonly Privilege[];
  if (wanted.length === 0 || flags.bool("grant-all-permissions")) return wanted;
  out.line(`Plugin ${JSON.stringify(remote)} is requesting the following privileges:`);
  for (const { Name, Value } of wanted) out.line(` - ${Name}: [${Value.join(" ")}]`);
  if (!(await confirm(context, "Do you grant the above permissions?")))
    throw new CliError("permission denied while installing plugin");
  return wanted;
}

export const install: Handler = async (context) => {
  const { flags, args, client, out } = context;
  const [name = "", ...settings] = args;
  const remote = familiar(withDefaultTag(normalizedReference(name)));
  const alias = flags.string("alias");
  const local = alias === "" ? remote : familiar(withDefaultTag(normalizedReference(alias)));
  const messages = client.lines("POST", "/plugins/pull", {
    query: { remote, name: local },
    json: await privileges(context, remote),
    headers: await authHeader(context, remote),
  });
  await showProgress(messages, out, { columns: 200 });
  if (settings.length > 0) await client.post(`/plugins/${imagePath(local)}/set`, settings);
  if (!flags.bool("disable")) await client.post(`/plugins/${imagePath(local)}/enable`, undefined, { timeout: 0 });
  out.line(`Installed plugin ${name}`);
  return 0;
};

export const upgrade: Handler = async (context) => {
  const { args, client, out } = context;
  const [name = "", given] = args;
  const plugin = await client.get<Plugin>(`/plugins/${imagePath(name)}/json`).catch((error) => {
    throw new CliError(`error reading plugin data: ${messageOf(error)}`);
  });
  if (plugin.Enabled) throw new CliError("the plugin must be disabled before upgrading");
  const remote = given ?? plugin.PluginReference ?? name;
  const messages = client.lines("POST", `/plugins/${imagePath(name)}/upgrade`, {
    query: { remote },
    json: await privileges(context, remote),
    headers: await authHeader(context, remote),
  });
  await showProgress(messages, out, { columns: 200 });
  out.line(`Upgraded plugin ${name} to ${remote}`);
  return 0;
};

export const push: Handler = async (context) => {
  const { args, client, out } = context;
  const [name = ""] = args;
  const reference = familiar(withDefaultTag(normalizedReference(name)));
  const messages = client.lines("POST", `/plugins/${imagePath(reference)}/push`, {
    headers: await authHeader(context, reference),
  });
  await showProgress(messages, out, { columns: 200 });
  return 0;
};

export const create: Handler = async (context) => {
  const { args, client, invocation, out } = context;
  const [name = "", directory = ""] = args;
  normalizedReference(name);
  const path = resolvePath(invocation.cwd, directory);
  const info = await invocation.files.stat(path);
  if (info === undefined) throw new CliError(`lstat ${path}: no such file or directory`);
  if (info.type !== "directory") throw new CliError("context must be a directory");
  await client.call("POST", "/plugins/create", {
    query: { name },
    headers: { "content-type": "application/x-tar" },
    stream: packTree(invocation.files, { path, info, directory: true, name: "." }, () => undefined),
  });
  out.line(name);
  return 0;
};
