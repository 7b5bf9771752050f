/** What containers can install without any network: the packages of the lessons and of a first day with Docker. */

import type { LayerRecipe } from "../recipe.ts";

/** Python distributions, by the Debian package that they are made from. */
export const wheelLayer: LayerRecipe = {
  id: "pip",
  dpkg: false,
  packages: [
    "python3-flask",
    "python3-gunicorn",
    "python3-redis",
    "python3-requests",
    "python3-psycopg2",
    "python3-dotenv",
    "python3-yaml",
    "python3-pytest",
    "python3-sqlalchemy",
    "python3-fastapi",
    "python3-uvicorn",
  ],
};

/** Modules of Node.js under their own names; Debian's package of each is "node-" and the name. */
export const npmModules = [
  "axios",
  "chalk",
  "cookie-parser",
  "cors",
  "ejs",
  "express",
  "lodash",
  "morgan",
  "pg",
  "redis",
  "uuid",
  "ws",
] as const;

export const npmLayer: LayerRecipe = {
  id: "npm",
  dpkg: false,
  without: ["nodejs"],
  packages: npmModules.map((name) => `node-${name}`),
};

/** Debian packages for apt in the containers, with what they need on top of the debian image. */
export const aptLayer: LayerRecipe = {
  id: "apt",
  dpkg: false,
  packages: [
    "apache2",
    "bc",
    "bind9-dnsutils",
    "cowsay",
    "curl",
    "figlet",
    "fortune-mod",
    "fortunes-min",
    "g++",
    "gcc",
    "git",
    "gnupg",
    "htop",
    "iperf3",
    "iproute2",
    "jq",
    "less",
    "libc6-dev",
    "make",
    "nano",
    "net-tools",
    "netcat-openbsd",
    "nginx",
    "openssh-client",
    "procps",
    "psmisc",
    "python3",
    "python3-flask",
    "python3-pip",
    "python3-venv",
    "redis-tools",
    "postgresql-client",
    "rsync",
    "sl",
    "socat",
    "strace",
    "stress",
    "sudo",
    "tcpdump",
    "tini",
    "traceroute",
    "tree",
    "unzip",
    "vim-tiny",
    "wget",
    "xz-utils",
    "zip",
  ],
};
