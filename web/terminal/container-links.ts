/** Names and ids of containers in a terminal lead to their panel. */
import type { ILink, Terminal } from "@xterm/xterm";
import type { App } from "../app.ts";
import { containerName } from "../engine/format.ts";

export function addContainerLinks(terminal: Terminal, app: App): void {
  terminal.registerLinkProvider({
    provideLinks(row, callback) {
      const text = terminal.buffer.active.getLine(row - 1)?.translateToString(true) ?? "";
      callback(linksIn(text, row, app));
    },
  });
}

function linksIn(text: string, row: number, app: App): ILink[] {
  const names = new Map<string, string>();
  for (const container of app.store.state.containers ?? []) {
    const name = containerName(container);
    names.set(name, name);
    names.set(container.Id.slice(0, 12), name);
    names.set(container.Id, name);
  }
  const links: ILink[] = [];
  for (const match of text.matchAll(/[\w.-]+/g)) {
    const name = names.get(match[0]);
    if (name === undefined) continue;
    const start = match.index + 1;
    links.push({
      text: match[0],
      range: { start: { x: start, y: row }, end: { x: start + match[0].length - 1, y: row } },
      activate: () => app.go({ view: "containers", name }),
    });
  }
  return links;
}
