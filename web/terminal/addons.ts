/** What a terminal has besides a screen and keys; loaded behind the first prompt, which needs none of it. */
import { ClipboardAddon } from "@xterm/addon-clipboard";
import { SerializeAddon } from "@xterm/addon-serialize";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { WebglAddon } from "@xterm/addon-webgl";
import type { Terminal } from "@xterm/xterm";

export interface Addons {
  /** The screen and some lines above it, as text that brings them back. */
  serialize(scrollback: number): string;
}

export function addTo(
  terminal: Terminal,
  options: { onLink(uri: string): void; onClipboardRequest(text: string): void },
): Addons {
  const serializer = new SerializeAddon();
  terminal.loadAddon(serializer);
  terminal.loadAddon(new WebLinksAddon((_, uri) => options.onLink(uri)));
  terminal.loadAddon(
    new ClipboardAddon(undefined, { readText: () => "", writeText: (_, text) => options.onClipboardRequest(text) }),
  );
  drawWithWebGl(terminal);
  return {
    serialize: (scrollback) => serializer.serialize({ scrollback, excludeModes: true, excludeAltBuffer: true }),
  };
}

/** WebGL where there is a GPU for it; xterm's DOM renderer otherwise, and again when the context is lost. */
function drawWithWebGl(terminal: Terminal): void {
  try {
    const addon = new WebglAddon();
    addon.onContextLoss(() => addon.dispose());
    terminal.loadAddon(addon);
  } catch {
    // The DOM renderer stays.
  }
}
