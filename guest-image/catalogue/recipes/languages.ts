/** Compilers and interpreters besides Python. */

import { type ImageRecipe, PATH } from "../recipe.ts";
import { debianLayer } from "./debian.ts";

export const gcc: ImageRecipe = {
  name: "gcc",
  tags: ["latest", "12", "12.2", "12.2.0", "bookworm", "12-bookworm"],
  description: "The GNU Compiler Collection is a compiling system that supports several languages.",
  layers: [
    debianLayer,
    {
      id: "gcc",
      packages: ["gcc", "g++", "make", "libc6-dev"],
      dpkg: true,
      prefetch: ["usr/bin/gcc", "usr/lib/gcc/i686-linux-gnu/12/cc1", "usr/bin/as", "usr/bin/ld", "usr/include/stdio.h"],
      effects: {
        alternatives: [
          { name: "cc", link: "/usr/bin/cc", path: "/usr/bin/gcc", priority: 20 },
          { name: "c++", link: "/usr/bin/c++", path: "/usr/bin/g++", priority: 20 },
        ],
      },
    },
  ],
  config: { Env: [PATH, "GCC_VERSION=12.2.0"], Cmd: ["bash"] },
};

/** Go's own settings stay Debian's: others would make it compile its whole library again, which takes minutes here. */
export const golang: ImageRecipe = {
  name: "golang",
  tags: ["latest", "1", "1.19", "bookworm", "1.19-bookworm"],
  description: "Go (golang) is a general purpose, higher-level, imperative programming language.",
  layers: [
    debianLayer,
    {
      id: "golang",
      packages: ["golang-go"],
      dpkg: true,
      prefetch: ["usr/lib/go-1.19/bin/go"],
      effects: {
        directories: [
          { path: "go/src", mode: 0o1777 },
          { path: "go/bin", mode: 0o1777 },
        ],
        links: { "usr/local/go": "/usr/lib/go-1.19" },
      },
    },
  ],
  config: {
    Env: ["PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "GOPATH=/go"],
    Cmd: ["bash"],
    WorkingDir: "/go",
  },
};

export const node: ImageRecipe = {
  name: "node",
  tags: ["latest", "18", "bookworm", "18-bookworm", "slim", "18-slim"],
  description: "Node.js is a JavaScript-based platform for server-side and networking applications.",
  layers: [
    debianLayer,
    {
      id: "node",
      packages: ["nodejs", "npm"],
      dpkg: true,
      prefetch: ["usr/bin/node", "lib/i386-linux-gnu/libnode.so.108"],
      effects: {
        accounts: [{ name: "node", uid: 1000, gid: 1000, home: "/home/node", shell: "/bin/bash" }],
        directories: [{ path: "home/node", owner: "node:node" }],
      },
    },
  ],
  config: { Env: [PATH, "NODE_VERSION=18.20.4"], Cmd: ["node"] },
};
