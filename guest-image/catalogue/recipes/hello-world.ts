import { type ImageRecipe, PATH } from "../recipe.ts";

export const helloWorld: ImageRecipe = {
  name: "hello-world",
  tags: ["latest", "linux"],
  description: "Hello World! (an example of minimal Dockerization)",
  layers: [{ id: "hello-world", packages: [], prebuilt: { hello: "hello" }, prefetch: ["hello"], dpkg: false }],
  config: { Cmd: ["/hello"], Env: [PATH], WorkingDir: "/" },
};
