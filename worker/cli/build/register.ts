/** Makes `docker build` and `docker buildx` known to the CLI. */
import { registerPlugin } from "../plugins.ts";

export function registerBuildCommands(): void {
  registerPlugin("image build", {
    description: "Build an image from a Dockerfile",
    load: async () => (await import("./build.ts")).build,
  });
  registerPlugin("buildx", { description: "Docker Buildx", load: async () => (await import("./buildx.ts")).buildx });
}
