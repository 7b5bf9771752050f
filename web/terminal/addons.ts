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
  if (!hasGpu()) return;
  try {
    const addon = new WebglAddon();
    addon.onContextLoss(() => addon.dispose());
    terminal.loadAddon(addon);
  } catch {
    // The DOM renderer stays.
  }
}

/** WebGL drawn by the processor takes from the machine the time that it saves the page. */
function hasGpu(): boolean {
  const probe = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (probe === null) return false;
  // Not every browser takes a renderer in software for a caveat.
  const names = probe.getExtension("WEBGL_debug_renderer_info");
  const renderer = names === null ? "" : String(probe.getParameter(names.UNMASKED_RENDERER_WEBGL));
  probe.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|software/i.test(renderer);
}
