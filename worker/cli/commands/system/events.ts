/** `docker events`. */
import { dockerFunctions } from "../../format/functions.ts";
import { apiTimestamp } from "../../format/timestamp.ts";
import { filterQuery } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import { goMap, struct, Template } from "../../template/index.ts";

interface EventMessage {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes?: Readonly<Record<string, string>> | null };
  readonly scope?: string;
  readonly time?: number;
  readonly timeNano?: number | string;
  readonly status?: string;
  readonly id?: string;
  readonly from?: string;
}

export const events: Handler = async ({ flags, client, out, now }) => {
  const format = flags.string("format");
  let template: Template | undefined;
  try {
    if (format !== "") {
      template = new Template("", format === "json" ? "{{json .}}" : format, { functions: dockerFunctions });
      template.execute(eventValue({ Type: "", Action: "", Actor: { ID: "" } }));
    }
  } catch (error) {
    throw new CliError(`Error parsing format: ${messageOf(error)}`, 64);
  }
  const time = (flag: string): string | undefined =>
    flags.string(flag) === "" ? undefined : apiTimestamp(flags.string(flag), now());
  const messages = client.lines("GET", "/events", {
    query: { since: time("since"), until: time("until"), filters: filterQuery(flags.filters()) },
  });
  for await (const message of messages) {
    const event = message as EventMessage;
    out.line(template === undefined ? eventLine(event) : template.execute(eventValue(event)));
    await out.flush();
  }
  return 0;
};

/** events.Message: capitalised fields to templates, the API's own names in JSON. */
function eventValue(event: EventMessage): object {
  const { Type, Action, Actor, scope = "", time = 0, timeNano = 0, status = "", id = "", from = "" } = event;
  const actor = struct({ ID: Actor.ID, Attributes: goMap(Actor.Attributes ?? {}) }, "events.Actor");
  return struct(
    {
      ...(status !== "" && { status }),
      ...(id !== "" && { id }),
      ...(from !== "" && { from }),
      Type,
      Action,
      Actor: actor,
      ...(scope !== "" && { scope }),
      ...(time !== 0 && { time }),
      ...(timeNano !== 0 && { timeNano: BigInt(timeNano) }),
    },
    "*events.Message",
    { Status: status, ID: id, From: from, Scope: scope, Time: time, TimeNano: BigInt(timeNano) },
  );
}

export function eventLine({ Type, Action, Actor, time = 0, timeNano = 0 }: EventMessage): string {
  const stamp =
    timeNano !== 0 ? `${nanoTime(timeNano)} ` : time !== 0 ? `${nanoTime(BigInt(time) * 1_000_000_000n)} ` : "";
  const attributes = Object.entries(Actor.Attributes ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${k}=${v}`);
  const details = attributes.length === 0 ? "" : ` (${attributes.join(", ")})`;
  return `${stamp}${Type} ${Action} ${Actor.ID}${details}`;
}

/** RFC 3339 with nine digits. A number has lost the last digits of the nanoseconds: they are what is left of it. */
function nanoTime(nano: number | bigint | string): string {
  const value = BigInt(nano);
  const whole = value / 1_000_000_000n;
  return `${new Date(Number(whole) * 1000).toISOString().slice(0, 19)}.${String(value % 1_000_000_000n).padStart(9, "0")}Z`;
}
