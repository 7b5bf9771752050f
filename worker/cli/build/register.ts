/** Makes `docker build`, `docker buildx` and `docker builder` known to the CLI. */
import { registerPlugin } from "../plugins.ts";

export function registerBuildCommands(): void {
  const at = (path: string) => async () => (await import("./buildx.ts")).buildxAt(path);
  registerPlugin("image build", { description: "Build an image from a Dockerfile", load: at("buildx build") });
  registerPlugin("bake", { description: "Build from a file", load: at("buildx bake"), isUnlisted: true });
  registerPlugin("builder", { description: "Manage builds", load: at("buildx"), isUnlisted: true });
  registerPlugin("buildx", { description: "Docker Buildx", load: at("buildx") });
}
