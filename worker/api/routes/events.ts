/** `GET /events`. */
import { parseTimestamp } from "../../engine/containers/times.ts";
import type { EngineEvent } from "../../engine/domains.ts";
import { checkEventFilters, type EventLog } from "../../engine/events/index.ts";
import type { Clock } from "../../engine/ports/host.ts";
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
        checkEventFilters(filters);
        const time = (name: string): number | undefined => {
          const text = query.string(name);
          return text ? parseTimestamp(text, clock.now()) : undefined;
        };
        return jsonLines(views(events.follow({ since: time("since"), until: time("until"), filters, signal })));
      },
    },
  ];
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
