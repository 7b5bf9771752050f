/** The site's own `embed.js`: playgrounds come from where this script comes from. */
import { PlaygroundElement } from "./index.ts";

PlaygroundElement.site = new URL(".", import.meta.url).href;
