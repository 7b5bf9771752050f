/** `docker version`. */
import { dockerFunctions } from "../../format/functions.ts";
import { alignTabs } from "../../format/tabwriter.ts";
import { clientApiVersion } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import { clientVersion } from "../../session/version.ts";
import { goMap, struct, Template } from "../../template/index.ts";

const standard = `{{with .Client -}}
Client:{{if ne .Platform nil}}{{if ne .Platform.Name ""}} {{.Platform.Name}}{{end}}{{end}}
 Version:	{{.Version}}
 API version:	{{.APIVersion}}{{if ne .APIVersion .DefaultAPIVersion}} (downgraded from {{.DefaultAPIVersion}}){{end}}
 Go version:	{{.GoVersion}}
 Git commit:	{{.GitCommit}}
 Built:	{{.BuildTime}}
 OS/Arch:	{{.Os}}/{{.Arch}}
 Context:	{{.Context}}
{{- end}}

{{- if ne .Server nil}}{{with .Server}}

Server:{{if ne .Platform.Name ""}} {{.Platform.Name}}{{end}}
 {{- range $component := .Components}}
 {{$component.Name}}:
  {{- if eq $component.Name "Engine" }}
  Version:	{{.Version}}
  API version:	{{index .Details "ApiVersion"}} (minimum version {{index .Details "MinAPIVersion"}})
  Go version:	{{index .Details "GoVersion"}}
  Git commit:	{{index .Details "GitCommit"}}
  Built:	{{index .Details "BuildTime"}}
  OS/Arch:	{{index .Details "Os"}}/{{index .Details "Arch"}}
  Experimental:	{{index .Details "Experimental"}}
  {{- else }}
  Version:	{{$component.Version}}
  {{- range $key, $value := $component.Details}}
  {{$key}}:	{{$value}}
   {{- end}}
  {{- end}}
 {{- end}}
 {{- end}}{{- end}}`;

interface Component {
  readonly Name: string;
  readonly Version: string;
  readonly Details?: Readonly<Record<string, string>> | null;
}
interface ServerVersion {
  readonly Platform?: { readonly Name: string };
  readonly Components?: readonly Component[];
  readonly [field: string]: unknown;
}

export const version: Handler = async ({ flags, client, contextName, out }) => {
  const format = flags.string("format");
  const source = format === "" ? standard : format === "json" ? "{{json .}}" : format;
  let template: Template;
  try {
    template = new Template("version", source, { functions: dockerFunctions });
  } catch (error) {
    throw new CliError(`template parsing error: ${messageOf(error)}`, 64);
  }
  let failure: unknown;
  const server = await client.get<ServerVersion>("/version").catch((error) => {
    failure = error;
    return undefined;
  });
  const data = struct(
    {
      Client: clientPart(client.version, contextName),
      Server: server === undefined ? null : serverPart(server),
    },
    "system.versionInfo",
  );
  let text: string;
  try {
    text = template.execute(data);
  } catch (error) {
    out.print("\n");
    throw failure ?? new CliError(messageOf(error));
  }
  out.print(alignTabs(`${text}\n`, { minimum: 20, padding: 1 }));
  if (failure !== undefined) throw failure;
  return 0;
};

function clientPart(apiVersion: string, context: string): object {
  return struct(
    {
      Version: clientVersion.Version,
      ApiVersion: apiVersion,
      DefaultAPIVersion: clientApiVersion,
      GitCommit: clientVersion.GitCommit,
      GoVersion: clientVersion.GoVersion,
      Os: clientVersion.Os,
      Arch: clientVersion.Arch,
      BuildTime: clientVersion.BuildTime,
      Context: context,
    },
    "system.clientVersion",
    { Platform: null, APIVersion: apiVersion },
  );
}

function serverPart(server: ServerVersion): object {
  const given = server.Components ?? [];
  const components = given.some((c) => c.Name === "Engine") ? given : [...given, engineOf(server)];
  return struct(
    {
      ...server,
      Platform: server.Platform ?? { Name: "" },
      Components: components.map((c) => ({ ...c, Details: goMap(withDate(c)) })),
    },
    "types.Version",
    { APIVersion: server.ApiVersion, MinAPIVersion: server.MinAPIVersion },
  );
}

/** Engines before 18.06 tell no components. */
function engineOf(server: ServerVersion): Component {
  const names = ["ApiVersion", "MinAPIVersion", "GitCommit", "GoVersion", "Os", "Arch", "BuildTime"];
  return {
    Name: "Engine",
    Version: String(server.Version),
    Details: {
      ...Object.fromEntries(names.map((n) => [n, String(server[n] ?? "")])),
      Experimental: String(server.Experimental === true),
    },
  };
}

function withDate({ Name: name, Details: details }: Component): Readonly<Record<string, string>> {
  if (name !== "Engine" || details?.BuildTime === undefined) return details ?? {};
  return { ...details, BuildTime: ansiDate(details.BuildTime) };
}
/** time.ANSIC: "Fri May 30 12:07:14 2025". */
function ansiDate(text: string): string {
  const date = new Date(text);
  if (!/^\d{4}-/.test(text) || Number.isNaN(date.getTime())) return text;
  const words = date.toUTCString();
  const day = String(date.getUTCDate()).padStart(2, " ");
  return `${words.slice(0, 3)} ${words.slice(8, 11)} ${day} ${words.slice(17, 25)} ${date.getUTCFullYear()}`;
}
