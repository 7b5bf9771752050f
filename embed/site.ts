/** The site's own `embed.js`, a classic script so that any page may load it: playgrounds come from where it comes from. */
import { PlaygroundElement } from "./index.ts";

const script = document.currentScript;
if (script instanceof HTMLScriptElement) PlaygroundElement.site = new URL(".", script.src).href;
