/** `--format`: "table", "table TEMPLATE", "json", "raw" or a Go template, over rows. Follows docker/cli's formatter.Context. */
import { CliError } from "../session/errors.ts";
import { Template, TemplateError } from "../template/index.ts";
import type { Methods } from "../template/value.ts";
import { dockerFunctions, headerFunctions } from "./functions.ts";
import { alignTabs } from "./tabwriter.ts";

export const quietFormat = "{{.ID}}";

export function parseTemplate(text: string): Template {
  return wrapped(() => new Template("", text, { functions: dockerFunctions }));
}

function wrapped<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TemplateError) throw new CliError(`template parsing error: ${error.message}`);
    throw error;
  }
}

const prepare = (format: string): string =>
  format
    .replace(/^ +| +$/g, "")
    .replaceAll("\\t", "\t")
    .replaceAll("\\n", "\n");

/** The whole output; `headers` name the columns by field. */
export function formatRows(format: string, headers: Readonly<Record<string, string>>, rows: Iterable<Methods>): string {
  const isTable = format.startsWith("table");
  const source = isTable ? prepare(format.slice(5)) : format === "json" ? "{{json .}}" : prepare(format);
  const template = parseTemplate(source);
  let body = "";
  for (const row of rows) body += `${wrapped(() => template.execute(row))}\n`;
  if (!isTable) return body;
  const header = wrapped(() => template.execute(headerMap(headers), headerFunctions));
  return alignTabs(`${header}\n${body}`);
}

/** Field names to headings; `.Label "com.example.name"` becomes a heading of its own. */
function headerMap(headers: Readonly<Record<string, string>>): unknown {
  const label = (name: string): string => (name.split(".").at(-1) ?? "").replaceAll(/[-_]/g, " ");
  return new HeaderMap([...Object.entries(headers), ["Label", label]]);
}
/** A Go map with one method. */
class HeaderMap extends Map<string, unknown> {}
