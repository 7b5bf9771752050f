/** Servers: accounts and directories of their packages. Ids are those of the well-known images, so that volumes fit. */

import type { Effects } from "../recipe.ts";

export const serverEffects: Readonly<Record<string, Effects>> = {
  "nginx-common": {
    directories: [{ path: "var/log/nginx", mode: 0o755, owner: "root:adm" }],
    templates: [{ path: "var/www/html/index.nginx-debian.html", from: "usr/share/nginx/html/index.html" }],
    links: { "etc/nginx/sites-enabled/default": "/etc/nginx/sites-available/default" },
  },
  "redis-tools": {
    accounts: [{ name: "redis", uid: 999, gid: 999, home: "/var/lib/redis" }],
    directories: [
      { path: "var/log/redis", mode: 0o2750, owner: "redis:adm" },
      { path: "var/lib/redis", mode: 0o750, owner: "redis:redis" },
      { path: "etc/redis", mode: 0o2770, owner: "redis:redis" },
    ],
  },
  "redis-server": { owners: [{ path: "etc/redis/redis.conf", mode: 0o640, owner: "redis:redis" }] },
  "python3.11-minimal": { directories: [{ path: "usr/local/lib/python3.11/dist-packages" }] },
};
