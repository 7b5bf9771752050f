import { type ImageRecipe, PATH } from "../recipe.ts";
import { debianLayer } from "./debian.ts";

/**
 * As the well-known image: options and *.conf go to redis-server, which runs as the user redis. That image is built with protected mode off,
 * since a container's network is its protection; Debian's program is told so on its command line.
 */
const ENTRYPOINT = `#!/bin/sh
set -e
case "$1" in -* | *.conf) set -- redis-server "$@" ;; esac
case "$1" in redis-server)
  case "$2" in
    *.conf) ;;
    *) set -- "$@" --protected-mode no ;;
  esac
  if [ "$(id -u)" = 0 ]; then
    chown -R redis:redis .
    exec setpriv --reuid=redis --regid=redis --clear-groups -- "$@"
  fi
  ;;
esac
exec "$@"
`;

export const redis: ImageRecipe = {
  name: "redis",
  tags: ["latest", "7", "7.0", "7.0.15", "bookworm", "7-bookworm"],
  description: "Redis, an in-memory data store.",
  layers: [
    debianLayer,
    {
      id: "redis",
      packages: ["redis-server"],
      dpkg: true,
      prefetch: [
        "usr/local/bin/docker-entrypoint.sh",
        "usr/bin/redis-server",
        "lib/i386-linux-gnu/libsystemd.so.0",
        "lib/i386-linux-gnu/libatomic.so.1",
        "lib/i386-linux-gnu/libjemalloc.so.2",
        "lib/i386-linux-gnu/liblzf.so.1",
        "lib/i386-linux-gnu/libssl.so.3",
        "lib/i386-linux-gnu/libcrypto.so.3",
        "usr/bin/setpriv",
        "usr/bin/redis-cli",
      ],
      effects: {
        files: [{ path: "usr/local/bin/docker-entrypoint.sh", text: ENTRYPOINT, mode: 0o755 }],
        directories: [{ path: "data", owner: "redis:redis" }],
      },
    },
  ],
  config: {
    ExposedPorts: { "6379/tcp": {} },
    Env: [PATH, "REDIS_VERSION=7.0.15"],
    Entrypoint: ["docker-entrypoint.sh"],
    Cmd: ["redis-server"],
    Volumes: { "/data": {} },
    WorkingDir: "/data",
  },
};
