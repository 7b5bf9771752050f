/** `npm run build`: the static site in dist/, with the machine and, where a Debian mirror answers, the whole catalogue of images. */
import { buildImages, buildSite } from "./build/steps.ts";

await buildImages("all").catch((error: Error) => {
  process.stderr.write(`drydock: ${error.message}: the site is built with the images that are there\n`);
});
await buildSite();
process.stdout.write("dist/\n");
