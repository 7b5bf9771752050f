import { type ImageRecipe, PATH } from "../recipe.ts";
import { debianLayer } from "./debian.ts";

const ENTRYPOINT = `#!/bin/sh
# Runs what lies in /docker-entrypoint.d and fills in templates, then starts the command.
set -e
case "$1" in nginx | nginx-debug)
  for file in /docker-entrypoint.d/*; do
    [ -x "$file" ] || continue
    case "$file" in
      *.envsh) . "$file" ;;
      *.sh) "$file" ;;
    esac
  done
  if [ -d /etc/nginx/templates ]; then
    names=$(env | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/$\\1/p' | tr '\\n' ' ')
    for file in /etc/nginx/templates/*.template; do
      [ -e "$file" ] || continue
      name=\${file##*/}
      envsubst "$names" < "$file" > "/etc/nginx/conf.d/\${name%.template}"
    done
  fi
  ;;
esac
exec "$@"
`;

const NGINX_CONF = `user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /run/nginx.pid;

events {
    worker_connections  1024;
}

http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;

    log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';

    access_log  /var/log/nginx/access.log  main;

    sendfile        on;
    keepalive_timeout  65;

    include /etc/nginx/conf.d/*.conf;
}
`;

const DEFAULT_CONF = `server {
    listen       80;
    listen  [::]:80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
`;

const ERROR_PAGE = `<!DOCTYPE html>
<html>
<head><title>Error</title></head>
<body>
<h1>An error occurred.</h1>
<p>Sorry, the page you are looking for is currently unavailable.<br/>Please try again later.</p>
</body>
</html>
`;

/** Debian's nginx, configured as the well-known image: conf.d/default.conf, /usr/share/nginx/html, logs to the container's output. */
export const nginx: ImageRecipe = {
  name: "nginx",
  tags: ["latest", "1", "1.22", "1.22.1", "bookworm", "1.22-bookworm"],
  description: "Nginx, a web server and reverse proxy.",
  layers: [
    debianLayer,
    {
      id: "nginx",
      packages: ["nginx", "gettext-base", "curl"],
      dpkg: true,
      prefetch: [
        "docker-entrypoint.sh",
        "usr/sbin/nginx",
        "lib/i386-linux-gnu/libcrypt.so.1",
        "lib/i386-linux-gnu/libpcre2-8.so.0",
        "lib/i386-linux-gnu/libssl.so.3",
        "lib/i386-linux-gnu/libcrypto.so.3",
        "lib/i386-linux-gnu/libz.so.1",
        "etc/nginx/nginx.conf",
        "etc/nginx/mime.types",
        "etc/nginx/conf.d/default.conf",
        "etc/passwd",
        "etc/group",
        "usr/share/nginx/html/index.html",
      ],
      effects: {
        accounts: [
          { name: "nginx", uid: 101, gid: 101, home: "/nonexistent", shell: "/bin/false", comment: "nginx user" },
        ],
        files: [
          { path: "docker-entrypoint.sh", text: ENTRYPOINT, mode: 0o755 },
          { path: "etc/nginx/nginx.conf", text: NGINX_CONF },
          { path: "etc/nginx/conf.d/default.conf", text: DEFAULT_CONF },
          { path: "usr/share/nginx/html/50x.html", text: ERROR_PAGE },
        ],
        directories: [{ path: "docker-entrypoint.d" }, { path: "var/cache/nginx" }],
        links: { "var/log/nginx/access.log": "/dev/stdout", "var/log/nginx/error.log": "/dev/stderr" },
        remove: ["etc/nginx/sites-enabled/default", "var/www/html/index.nginx-debian.html"],
      },
    },
  ],
  config: {
    ExposedPorts: { "80/tcp": {} },
    Env: [PATH, "NGINX_VERSION=1.22.1"],
    Entrypoint: ["/docker-entrypoint.sh"],
    Cmd: ["nginx", "-g", "daemon off;"],
    StopSignal: "SIGQUIT",
  },
};
