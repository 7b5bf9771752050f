import { apiVersion } from "../router.ts";

export const serverName = "Docker/28.5.2 (linux)";
/** What moby says of itself in each answer. */
export const engineHeaders: Readonly<Record<string, string>> = {
  "api-version": apiVersion,
  "docker-experimental": "false",
  ostype: "linux",
  server: serverName,
};
