import { type ImageRecipe, PATH } from "../recipe.ts";
import { debianLayer } from "./debian.ts";

const CONFIG = `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

const ENTRYPOINT = `#!/bin/sh
set -e
case "$1" in
  *.yaml | *.yml) set -- registry serve "$@" ;;
  serve | garbage-collect | help | -*) set -- registry "$@" ;;
esac
exec "$@"
`;

export const registry: ImageRecipe = {
  name: "registry",
  tags: ["latest", "2", "2.8", "2.8.2"],
  description: "Distribution: stores and distributes container images and artifacts.",
  layers: [
    debianLayer,
    {
      id: "registry",
      packages: ["docker-registry"],
      dpkg: true,
      prefetch: ["entrypoint.sh", "etc/docker/registry/config.yml", "usr/bin/docker-registry"],
      effects: {
        files: [
          { path: "entrypoint.sh", text: ENTRYPOINT, mode: 0o755 },
          { path: "etc/docker/registry/config.yml", text: CONFIG },
        ],
        directories: [{ path: "var/lib/registry" }],
        links: { "bin/registry": "docker-registry" },
      },
    },
  ],
  config: {
    ExposedPorts: { "5000/tcp": {} },
    Env: [PATH],
    Entrypoint: ["/entrypoint.sh"],
    Cmd: ["/etc/docker/registry/config.yml"],
    Volumes: { "/var/lib/registry": {} },
  },
};
