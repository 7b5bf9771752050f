/**
 * Commands that other parts of the project bring: `docker compose`, `docker buildx`, and `docker build` with what it implies. The
 * wiring registers them; they are loaded when they are called.
 */
import type { Handler } from "./session/context.ts";

export interface CliPlugin {
  /** As in `docker --help`. */
  readonly description: string;
  /** Handlers get `context.args` as they were typed, unparsed, the plugin's name left out. */
  readonly load: () => Handler | Promise<Handler>;
  /** Another name for what is listed already. */
  readonly isUnlisted?: boolean;
}

const plugins = new Map<string, CliPlugin>();

/**
 * `name`: "compose" or "buildx", shown among the management commands; or the canonical path of a built-in command that the plugin
 * takes over, such as "image build" or "builder prune".
 */
export function registerPlugin(name: string, plugin: CliPlugin): void {
  plugins.set(name, plugin);
}
export const pluginFor = (name: string): CliPlugin | undefined => plugins.get(name);

/** Plugins with a name of their own, for `docker --help` and `docker info`. */
export const namedPlugins = (): readonly (readonly [string, string])[] =>
  [...plugins]
    .filter(([name, { isUnlisted }]) => !name.includes(" ") && isUnlisted !== true)
    .map(([name, { description }]) => [name, description]);
