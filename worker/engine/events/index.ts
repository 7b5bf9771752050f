/**
 * Events: what happened to whom, in order. Domains publish through EventSink; `GET /events`, the page's mirror and compose
 * subscribe. The log forgets all but the last 256 events and nothing of it is durable, as in dockerd.
 */
export * from "./filter.ts";
export * from "./log.ts";
