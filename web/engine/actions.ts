/** What the page can do to the engine: each action is the Engine API call, and the docker line that says the same. */
import type { Engine } from "./engine.ts";
import { shellQuote } from "./format.ts";

export interface Action {
  /** Without a prompt: "docker stop web". */
  readonly line: string;
  run(engine: Engine): Promise<unknown>;
}

const line = (...words: readonly string[]): string => ["docker", ...words.map(shellQuote)].join(" ");
const id = encodeURIComponent;

function containerPost(verb: string): (name: string) => Action {
  return (name) => ({ line: line(verb, name), run: (engine) => engine.post(`/containers/${id(name)}/${verb}`) });
}

export const startContainer = containerPost("start");
export const stopContainer = containerPost("stop");
export const restartContainer = containerPost("restart");
export const killContainer = containerPost("kill");
export const pauseContainer = containerPost("pause");
export const unpauseContainer = containerPost("unpause");

export const removeContainer = (name: string, force: boolean): Action => ({
  line: force ? line("rm", "-f", name) : line("rm", name),
  run: (engine) => engine.delete(`/containers/${id(name)}${force ? "?force=1" : ""}`),
});
export const removeImage = (reference: string, force = false): Action => ({
  line: force ? line("rmi", "-f", reference) : line("rmi", reference),
  run: (engine) => engine.delete(`/images/${id(reference)}${force ? "?force=1" : ""}`),
});
export const tagImage = (reference: string, repository: string, tag: string): Action => ({
  line: line("tag", reference, `${repository}:${tag}`),
  run: (engine) => engine.post(`/images/${id(reference)}/tag?repo=${id(repository)}&tag=${id(tag)}`),
});
export const createVolume = (name: string): Action => ({
  line: line("volume", "create", name),
  run: (engine) => engine.post("/volumes/create", { Name: name }),
});
export const removeVolume = (name: string): Action => ({
  line: line("volume", "rm", name),
  run: (engine) => engine.delete(`/volumes/${id(name)}`),
});
export const createNetwork = (name: string, internal: boolean): Action => ({
  line: internal ? line("network", "create", "--internal", name) : line("network", "create", name),
  run: (engine) => engine.post("/networks/create", { Name: name, Internal: internal }),
});
export const removeNetwork = (name: string): Action => ({
  line: line("network", "rm", name),
  run: (engine) => engine.delete(`/networks/${id(name)}`),
});
export const connectNetwork = (network: string, container: string): Action => ({
  line: line("network", "connect", network, container),
  run: (engine) => engine.post(`/networks/${id(network)}/connect`, { Container: container }),
});
export const disconnectNetwork = (network: string, container: string): Action => ({
  line: line("network", "disconnect", network, container),
  run: (engine) => engine.post(`/networks/${id(network)}/disconnect`, { Container: container }),
});
export type PruneKind = "container" | "image" | "volume" | "network" | "builder";

/** With `all` also images that have a name, volumes that have one, and cache that a build could still use. */
export const prune = (what: PruneKind, all: boolean): Action => ({
  line: all ? line(what, "prune", "-a", "-f") : line(what, "prune", "-f"),
  run: (engine) => {
    const filters = (value: unknown): string => `?filters=${id(JSON.stringify(value))}`;
    switch (what) {
      case "builder":
        return engine.post(`/build/prune${all ? "?all=1" : ""}`);
      case "image":
        return engine.post(`/images/prune${filters({ dangling: [String(!all)] })}`);
      case "volume":
        return engine.post(`/volumes/prune${all ? filters({ all: ["true"] }) : ""}`);
      case "container":
      case "network":
        return engine.post(`/${what}s/prune`);
    }
  },
});
export const renameContainer = (name: string, to: string): Action => ({
  line: line("rename", name, to),
  run: (engine) => engine.post(`/containers/${id(name)}/rename?name=${id(to)}`),
});
