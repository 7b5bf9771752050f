/** Playgrounds that are gone with the page: for work on their list, and its tests. */
import * as Comlink from "comlink";
import type { Outcome, PlaygroundInfo, PlaygroundsService } from "../../worker/protocol/index.ts";

const minute = 60_000;
const now = Date.now();
const all = new Map<string, PlaygroundInfo>(
  [
    { id: "default", name: "Playground", created: now - 9000 * minute, used: now - minute, bytes: 84_300_000 },
    {
      id: "shop",
      name: "Shop with a queue",
      created: now - 3000 * minute,
      used: now - 180 * minute,
      bytes: 312_000_000,
    },
  ].map((each) => [each.id, each]),
);

const done = async <T>(value: T): Promise<Outcome<T>> => ({ ok: true, value });
const refused = (message: string): Outcome<never> => ({ ok: false, error: { kind: "invalidParameter", message } });

function add(name: string): PlaygroundInfo {
  const id = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const made = { id, name, created: Date.now(), used: Date.now(), bytes: 4096 };
  all.set(id, made);
  return made;
}

const service: PlaygroundsService = {
  list: () => done([...all.values()].sort((a, b) => b.used - a.used)),
  create: (name) => done(add(name)),
  touch: () => done(undefined),
  rename: (id, name) => {
    const known = all.get(id);
    if (known !== undefined) all.set(id, { ...known, name });
    return done(undefined);
  },
  remove: (id) => {
    all.delete(id);
    return done(undefined);
  },
  duplicate: (_, name) => done(add(name)),
  exportFile: async () => refused("The development host has nothing to save."),
  importFile: async () => refused("This file cannot be opened as a playground: it is damaged (no archive)."),
};

Comlink.expose(service);
