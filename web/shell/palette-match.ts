import type { IconName } from "./icons.ts";

export interface Command {
  readonly label: string;
  readonly icon: IconName;
  readonly hint?: string;
  readonly run: () => void;
}

/** Every word of the query occurs in the label. Labels that start with the query come first, then the recent ones. */
export function match(commands: readonly Command[], query: string, recent: readonly string[]): readonly Command[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const rank = (command: Command): number => {
    const label = command.label.toLowerCase();
    if (query !== "" && label.startsWith(query.toLowerCase())) return 0;
    const last = recent.indexOf(command.label);
    return last >= 0 ? 1 + last / 100 : 2;
  };
  return commands
    .filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
    .map((command, index) => ({ command, index, rank: rank(command) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .map(({ command }) => command);
}
