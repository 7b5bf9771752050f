/** What is fuzzed on the real engine; scripts/fuzz.ts runs it. */
import { archiveProperties } from "./archives.ts";
import { cancelledBuildsProperty } from "./cancelled-builds.ts";
import { commandLinesProperty } from "./command-lines.ts";
import { buildsProperty, languageProperties } from "./dockerfiles.ts";
import { containersProperty, noiseProperty, requestsProperty } from "./http.ts";
import { registriesProperty } from "./registries.ts";

export { memoryEngine, realEngine } from "./engines.ts";
export { Playground } from "./playground.ts";
export { type Found, hunt, type Property, type Watch } from "./property.ts";

/** Without a machine. */
export { languageProperties };

export const engineProperties = [
  requestsProperty,
  noiseProperty,
  containersProperty,
  commandLinesProperty,
  ...archiveProperties,
  buildsProperty,
  cancelledBuildsProperty,
  registriesProperty,
];
