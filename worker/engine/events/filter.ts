/** `docker events --filter`: which events pass (moby's daemon/events Filter). */
import type { EngineEvent } from "../domains.ts";

export type EventFilters = Readonly<Record<string, readonly string[]>>;

export function eventPasses(event: EngineEvent, filters: EventFilters): boolean {
  return Object.entries(filters).every(([kind, values]) => values.length === 0 || passes(event, kind, values));
}

function passes(event: EngineEvent, kind: string, values: readonly string[]): boolean {
  switch (kind) {
    case "event":
      // "exec_create: ls" is an exec_create.
      return values.some((v) => event.Action === v || event.Action.split(":")[0] === v);
    case "type":
      return values.includes(event.Type);
    case "scope":
      return values.includes(event.scope);
    case "label":
      return values.every((v) => labelMatches(event.Actor.Attributes, v));
    case "image":
      return imageMatches(event, values);
    case "daemon":
    case "network":
    case "volume":
    case "plugin":
    case "container":
    case "node":
    case "secret":
    case "config":
      return values.some((v) => actorMatches(event, v));
    default:
      // dockerd takes no notice of filters that it does not know; of services there are no events.
      return kind !== "service";
  }
}

function labelMatches(attributes: Readonly<Record<string, string>>, label: string): boolean {
  const at = label.indexOf("=");
  if (at < 0) return Object.hasOwn(attributes, label);
  return attributes[label.slice(0, at)] === label.slice(at + 1);
}

/** moby's fuzzyMatchName: the beginning of an id or a name, of whatever kind. */
function actorMatches({ Actor: { ID, Attributes } }: EngineEvent, wanted: string): boolean {
  return ID.startsWith(wanted) || (Attributes.name ?? "").startsWith(wanted);
}

function imageMatches(event: EngineEvent, values: readonly string[]): boolean {
  const { ID, Attributes } = event.Actor;
  const names = event.Type === "image" ? [ID, Attributes.name] : [Attributes.image];
  return names.some((name) => name !== undefined && values.some((v) => name === v || withoutTag(name) === v));
}

function withoutTag(name: string): string {
  const at = name.lastIndexOf(":");
  return at > name.lastIndexOf("/") ? name.slice(0, at) : name;
}
