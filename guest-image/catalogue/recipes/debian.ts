import { type FileRecipe, type ImageRecipe, type LayerRecipe, PATH } from "../recipe.ts";

/** What starting a shell or one of the usual commands reads. */
const SHELL = [
  "etc/ld.so.cache",
  "lib/ld-linux.so.2",
  "lib/i386-linux-gnu/libc.so.6",
  "bin/bash",
  "bin/sh",
  "lib/i386-linux-gnu/libtinfo.so.6",
  "bin/cat",
  "bin/echo",
  "bin/ls",
  "lib/i386-linux-gnu/libselinux.so.1",
  "lib/i386-linux-gnu/libpcre2-8.so.0",
  "bin/sleep",
  "usr/bin/env",
  "usr/bin/id",
  "etc/passwd",
  "etc/group",
  "etc/nsswitch.conf",
  "etc/bash.bashrc",
  "root/.bashrc",
  "root/.profile",
  "etc/profile",
];

/** What Docker's official Debian image adds, so that apt in a container leaves little behind and starts no service. */
const DOCKER_FILES: readonly FileRecipe[] = [
  {
    path: "etc/apt/apt.conf.d/docker-clean",
    text: `DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
`,
  },
  { path: "etc/apt/apt.conf.d/docker-no-languages", text: 'Acquire::Languages "none";\n' },
  { path: "etc/apt/apt.conf.d/docker-gzip-indexes", text: 'Acquire::GzipIndexes "true";\n' },
  { path: "etc/apt/apt.conf.d/docker-autoremove-suggests", text: 'Apt::AutoRemove::SuggestsImportant "false";\n' },
  { path: "etc/dpkg/dpkg.cfg.d/docker-apt-speedup", text: "force-unsafe-io\n" },
  {
    path: "etc/dpkg/dpkg.cfg.d/docker",
    text: `path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/groff/*
path-exclude /usr/share/info/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/lintian/*
path-exclude /usr/share/locale/*
path-include /usr/share/locale/locale.alias
path-exclude /usr/share/man/*
`,
  },
  {
    path: "usr/sbin/policy-rc.d",
    text: "#!/bin/sh\n# No service is started by a package's installation.\nexit 101\n",
    mode: 0o755,
  },
];

/** The base of all images but the smallest: Debian's required packages and apt, without documentation, as Debian's slim images. */
export const debianLayer: LayerRecipe = {
  id: "debian",
  required: true,
  packages: ["apt", "usr-is-merged", "mawk", "ca-certificates", "iputils-ping"],
  dpkg: true,
  trustsCatalogue: true,
  prefetch: SHELL,
  effects: { files: DOCKER_FILES },
};

export const debian: ImageRecipe = {
  name: "debian",
  tags: ["latest", "bookworm", "bookworm-slim", "12", "12-slim", "oldstable", "oldstable-slim"],
  description: "Debian is a Linux distribution that's composed entirely of free and open-source software.",
  layers: [debianLayer],
  config: { Cmd: ["bash"], Env: [PATH] },
};
