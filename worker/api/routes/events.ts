/** `GET /events`. */
import { parseTimestamp } from "../../engine/containers/times.ts";
import type { EngineEvent } from "../../engine/domains.ts";
import { EngineError } from "../../engine/errors.ts";
import type { EventLog } from "../../engine/events/index.ts";
import type { Clock } from "../../engine/ports/host.ts";
import { syntaxError } from "../../go/strconv.ts";
import { jsonLines } from "../respond.ts";
import type { Route } from "../router.ts";

export function eventRoutes(events: EventLog, clock: Clock): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/events",
      operation: "SystemEvents",
      handle: async ({ query, signal }) => {
        const filters = query.filters();
        const time = (name: string): number | undefined => {
          const text = query.string(name);
          return text ? readTime(text, clock.now()) : undefined;
        };
        const since = time("since");
        const until = time("until");
        if (since !== undefined && until !== undefined && since > until)
          throw new EngineError(
            "invalidParameter",
            `\`since\` time (${query.string("since")}) cannot be after \`until\` time (${query.string("until")})`,
          );
        return jsonLines(views(events.follow({ since, until, filters, signal })));
      },
    },
  ];
}

/** The API takes seconds alone, with a fraction; the CLI has made them of everything else. */
function readTime(text: string, now: Date): number {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new EngineError("system", syntaxError("ParseInt", text));
  return parseTimestamp(text, now);
}

async function* views(source: AsyncIterable<EngineEvent>): AsyncGenerator<object> {
  for await (const event of source) yield eventView(event);
}

/** Containers' and images' events carry the fields of API 1.21 and before too. */
function eventView(event: EngineEvent): object {
  const { Type, Action, Actor } = event;
  if (Type !== "container" && Type !== "image") return event;
  const from = Type === "container" ? Actor.Attributes.image : undefined;
  return { status: Action, id: Actor.ID, ...(from === undefined ? {} : { from }), ...event };
}
