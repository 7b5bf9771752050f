import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/**
 * The site. Relative URLs throughout: it runs from any folder of any static host. `--mode fake` puts the development host
 * in the machine's place, to work on the page without a machine.
 */
export default defineConfig(({ mode }) => ({
  base: "./",
  publicDir: "web/public",
  resolve: {
    alias:
      mode === "fake"
        ? [
            {
              find: /^\.\/bridge\/worker-factory\.ts$/,
              replacement: fileURLToPath(new URL("web/dev/worker-factory.ts", import.meta.url)),
            },
          ]
        : [],
  },
  worker: { format: "es" },
  build: {
    outDir: mode === "fake" ? "build/site-fake" : "build/site",
    target: "es2022",
    // The engine's own data is inlined nowhere: a machine part in a data URL could not be cached by itself.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
}));
