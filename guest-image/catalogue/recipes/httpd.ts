import type { ImageRecipe } from "../recipe.ts";
import { debianLayer } from "./debian.ts";

const MODULES = [
  "mpm_event",
  "authn_core",
  "authn_file",
  "authz_core",
  "authz_host",
  "authz_user",
  "auth_basic",
  "access_compat",
  "reqtimeout",
  "filter",
  "mime",
  "env",
  "headers",
  "setenvif",
  "status",
  "autoindex",
  "dir",
  "alias",
];

const OPTIONAL = ["deflate", "expires", "proxy", "proxy_http", "rewrite", "ssl", "socache_shmcb"];

const CONFIG = `ServerRoot "/usr/local/apache2"
Listen 80

${MODULES.map((name) => `LoadModule ${name}_module modules/mod_${name}.so`).join("\n")}
${OPTIONAL.map((name) => `#LoadModule ${name}_module modules/mod_${name}.so`).join("\n")}

User www-data
Group www-data
ServerAdmin you@example.com
PidFile logs/httpd.pid

<Directory />
    AllowOverride none
    Require all denied
</Directory>

DocumentRoot "/usr/local/apache2/htdocs"
<Directory "/usr/local/apache2/htdocs">
    Options Indexes FollowSymLinks
    AllowOverride None
    Require all granted
</Directory>

DirectoryIndex index.html
<Files ".ht*">
    Require all denied
</Files>

ErrorLog /proc/self/fd/2
LogLevel warn
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
CustomLog /proc/self/fd/1 common

ScriptAlias /cgi-bin/ "/usr/local/apache2/cgi-bin/"
TypesConfig /etc/mime.types
`;

const FOREGROUND = `#!/bin/sh
# A pid file of an earlier run would stop Apache from starting.
set -e
rm -f /usr/local/apache2/logs/httpd.pid
exec httpd -DFOREGROUND "$@"
`;

/** Debian's Apache under the paths of the well-known image. */
export const httpd: ImageRecipe = {
  name: "httpd",
  tags: ["latest", "2", "2.4", "bookworm", "2.4-bookworm"],
  description: "The Apache HTTP Server Project.",
  layers: [
    debianLayer,
    {
      id: "httpd",
      packages: ["apache2-bin", "apache2-utils", "media-types"],
      dpkg: true,
      prefetch: [
        "usr/local/bin/httpd-foreground",
        "usr/sbin/apache2",
        "lib/i386-linux-gnu/libaprutil-1.so.0",
        "lib/i386-linux-gnu/libapr-1.so.0",
        ...MODULES.map((name) => `usr/lib/apache2/modules/mod_${name}.so`),
        "usr/local/apache2/conf/httpd.conf",
        "etc/mime.types",
        "usr/local/apache2/htdocs/index.html",
      ],
      effects: {
        directories: ["bin", "logs", "cgi-bin"].map((name) => ({ path: `usr/local/apache2/${name}` })),
        files: [
          { path: "usr/local/apache2/conf/httpd.conf", text: CONFIG },
          { path: "usr/local/apache2/htdocs/index.html", text: "<html><body><h1>It works!</h1></body></html>\n" },
          { path: "usr/local/bin/httpd-foreground", text: FOREGROUND, mode: 0o755 },
        ],
        links: {
          // The configuration that Debian's program looks for by itself.
          "etc/apache2/apache2.conf": "/usr/local/apache2/conf/httpd.conf",
          "usr/local/apache2/modules": "/usr/lib/apache2/modules",
          "usr/local/apache2/conf/mime.types": "/etc/mime.types",
          "usr/local/apache2/bin/httpd": "/usr/sbin/apache2",
        },
      },
    },
  ],
  config: {
    ExposedPorts: { "80/tcp": {} },
    Env: [
      "PATH=/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HTTPD_PREFIX=/usr/local/apache2",
    ],
    Cmd: ["httpd-foreground"],
    WorkingDir: "/usr/local/apache2",
    StopSignal: "SIGWINCH",
  },
};
