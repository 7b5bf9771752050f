import { createHash } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { defineConfig, type Plugin } from "vite";
import { documentationPages } from "./lessons/pages.node.ts";
import { lessonModules } from "./lessons/site.node.ts";
import { trimV86 } from "./scripts/build/v86-trim.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** One self-contained script: service workers have to be one file, and the page script goes inside another. */
async function bundle(entry: string, define: Readonly<Record<string, string>> = {}): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [here(entry)],
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: true,
    write: false,
    legalComments: "none",
    define: { ...define },
  });
  return outputFiles[0]?.text ?? "";
}

/** The service workers, and the element that other pages embed a playground by: at fixed addresses beside the page. */
function fixedScripts(): Plugin {
  return {
    name: "drydock-fixed-scripts",
    apply: "build",
    // Once the files are written: what the bundler leaves out at the end must not be waited for.
    async writeBundle({ dir = "" }, output) {
      const pageScript = (await bundle("web/preview/page-script.ts")).trim().replaceAll("</script", "<\\/script");
      const files = Object.keys(output).filter((file) => file.startsWith("assets/") && existsSync(join(dir, file)));
      const [preview, page] = await Promise.all([
        bundle("web/preview/service-worker.ts", { __PAGE_SCRIPT__: JSON.stringify(pageScript) }),
        bundle("web/offline/service-worker.ts", {
          __PAGE_FILES__: JSON.stringify(files),
          // The names carry their contents' hashes, so the list of them tells versions apart.
          __PAGE_VERSION__: JSON.stringify(createHash("sha256").update(files.join()).digest("hex").slice(0, 16)),
        }),
      ]);
      writeFileSync(join(dir, "drydock-preview-sw.js"), preview);
      writeFileSync(join(dir, "sw.js"), page);
      writeFileSync(join(dir, "embed.js"), await bundle("embed/site.ts"));
    },
  };
}

/** zstddec carries its WebAssembly as base64 in its script; as a file of its own it is a quarter smaller, and compiled once. */
function wasmOfZstd(): Plugin {
  const carried = /const wasm = ["']([A-Za-z0-9+/=]+)["'];/;
  return {
    name: "drydock-zstd-wasm",
    apply: "build",
    transform(code, id) {
      if (!id.endsWith("/zstddec-stream.mjs")) return undefined;
      const source = carried.exec(code)?.[1];
      if (source === undefined) throw new Error("zstddec keeps its WebAssembly in another way: adapt vite.config.ts");
      const file = this.emitFile({ type: "asset", name: "zstd.wasm", source: Buffer.from(source, "base64") });
      return code
        .replace(carried, `const wasm = import.meta.ROLLUP_FILE_URL_${file};`)
        .replace(/`data:application\/wasm;base64,\$\{wasm\}`/, "wasm");
    },
  };
}

function smallMachine(): Plugin {
  return {
    name: "drydock-small-machine",
    apply: "build",
    transform: (code, id) => (id.endsWith("/libv86.mjs") ? trimV86(code) : undefined),
  };
}

/**
 * The site. Relative URLs throughout: it runs from any folder of any static host. `--mode fake` puts the development host
 * in the machine's place, to work on the page without a machine.
 */
export default defineConfig(({ mode }) => ({
  base: "./",
  publicDir: "web/public",
  plugins: [fixedScripts(), lessonModules(), documentationPages()],
  resolve: {
    alias:
      mode === "fake"
        ? [{ find: /^\.{1,2}\/bridge\/worker-factory\.ts$/, replacement: here("web/dev/worker-factory.ts") }]
        : [],
  },
  worker: { format: "es", plugins: () => [wasmOfZstd(), smallMachine()] },
  build: {
    outDir: mode === "fake" ? "build/site-fake" : "build/site",
    target: "es2022",
    // A part of the machine in a data URL could not be cached by itself.
    assetsInlineLimit: 0,
    rollupOptions: { input: [here("index.html"), here("drydock-preview.html")] },
  },
}));
