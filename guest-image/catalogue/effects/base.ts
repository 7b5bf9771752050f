/** The packages that every Debian system has. */

import type { Effects } from "../recipe.ts";

const pam = (name: string, prefix: string, primary: string, additional: string) =>
  ({
    path: `etc/pam.d/${name}`,
    from: `usr/share/pam/${name}`,
    replace: [
      [`^\\$${prefix}_primary$`, primary],
      [`^\\$${prefix}_additional$`, additional],
    ],
  }) as const;

const SESSION_UNIX = "session\trequired\tpam_unix.so ";
const SESSION_DEFAULT = "session\t[default=1]\t\t\tpam_permit.so";

export const baseEffects: Readonly<Record<string, Effects>> = {
  "base-passwd": {
    templates: [
      { path: "etc/passwd", from: "usr/share/base-passwd/passwd.master", replace: [[":\\*:", ":x:"]] },
      { path: "etc/group", from: "usr/share/base-passwd/group.master", replace: [[":\\*:", ":x:"]] },
      // shadowconfig (package passwd): locked accounts, the day of the last change fixed.
      {
        path: "etc/shadow",
        from: "usr/share/base-passwd/passwd.master",
        replace: [["^([^:]+):.*$", "$1:*:19500:0:99999:7:::"]],
        mode: 0o640,
        owner: "root:shadow",
      },
      {
        path: "etc/gshadow",
        from: "usr/share/base-passwd/group.master",
        replace: [["^([^:]+):.*$", "$1:*::"]],
        mode: 0o640,
        owner: "root:shadow",
      },
    ],
  },
  "base-files": {
    templates: [
      { path: "root/.profile", from: "usr/share/base-files/dot.profile" },
      { path: "root/.bashrc", from: "usr/share/base-files/dot.bashrc" },
      { path: "etc/profile", from: "usr/share/base-files/profile" },
      { path: "etc/motd", from: "usr/share/base-files/motd" },
    ],
    directories: [
      ...["mnt", "srv", "opt", "etc/opt", "var/opt", "media", "var/tmp"].map((path) => ({ path })),
      { path: "var/tmp", mode: 0o1777 },
      { path: "var/mail", mode: 0o2775, owner: "0:8" },
      { path: "run/lock", mode: 0o1777 },
      ...["bin", "etc", "games", "include", "lib", "sbin", "share", "share/man", "src"].map((name) => ({
        path: `usr/local/${name}`,
      })),
    ],
    files: [
      { path: "var/log/wtmp", text: "", mode: 0o664, owner: "0:43" },
      { path: "var/log/btmp", text: "", mode: 0o660, owner: "0:43" },
      { path: "var/log/lastlog", text: "", mode: 0o664, owner: "0:43" },
      { path: "etc/hostname", text: "debian\n" },
      { path: "etc/fstab", text: "# No file system is mounted by a container itself.\n" },
    ],
    links: {
      "etc/dpkg/origins/default": "debian",
      "etc/os-release": "../usr/lib/os-release",
      "var/spool/mail": "../mail",
      "var/run": "/run",
      "var/lock": "/run/lock",
      "usr/local/man": "share/man",
    },
  },
  "libc-bin": { templates: [{ path: "etc/nsswitch.conf", from: "usr/share/libc-bin/nsswitch.conf" }] },
  dash: {
    // dpkg-divert: a later bash must not take /bin/sh back.
    files: [
      {
        path: "var/lib/dpkg/diversions",
        text: "/bin/sh\n/bin/sh.distrib\ndash\n/usr/share/man/man1/sh.1.gz\n/usr/share/man/man1/sh.distrib.1.gz\ndash\n",
      },
    ],
  },
  dpkg: {
    files: [
      { path: "var/lib/dpkg/available", text: "" },
      { path: "var/lib/dpkg/statoverride", text: "" },
    ],
  },
  login: {
    files: [
      { path: "var/log/faillog", text: "" },
      { path: "etc/subuid", text: "" },
      { path: "etc/subgid", text: "" },
    ],
  },
  debianutils: {
    alternatives: [{ name: "which", link: "/usr/bin/which", path: "/usr/bin/which.debianutils", priority: 0 }],
    files: [
      {
        path: "etc/shells",
        text: "# /etc/shells: valid login shells\n/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/rbash\n/usr/bin/rbash\n/usr/bin/sh\n/bin/dash\n/usr/bin/dash\n",
      },
    ],
  },
  mawk: {
    alternatives: [
      {
        name: "awk",
        link: "/usr/bin/awk",
        path: "/usr/bin/mawk",
        priority: 5,
        slaves: [{ name: "nawk", link: "/usr/bin/nawk", path: "/usr/bin/mawk" }],
      },
    ],
  },
  // Its postinst prefers a file capability and falls back to setuid, which needs no extended attributes.
  "iputils-ping": { owners: [{ path: "bin/ping", mode: 0o4755 }] },
  tar: { alternatives: [{ name: "rmt", link: "/usr/sbin/rmt", path: "/usr/sbin/rmt-tar", priority: 50 }] },
  "util-linux": { alternatives: [{ name: "pager", link: "/usr/bin/pager", path: "/bin/more", priority: 50 }] },
  // pam-auth-update with the "unix" profile alone.
  "libpam-runtime": {
    templates: [
      pam("common-auth", "auth", "auth\t[success=1 default=ignore]\tpam_unix.so nullok", ""),
      pam("common-account", "account", "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so ", ""),
      pam("common-password", "password", "password\t[success=1 default=ignore]\tpam_unix.so obscure yescrypt", ""),
      pam("common-session", "session", SESSION_DEFAULT, SESSION_UNIX),
      pam("common-session-noninteractive", "session_nonint", SESSION_DEFAULT, SESSION_UNIX),
    ],
  },
  tzdata: {
    files: [{ path: "etc/timezone", text: "Etc/UTC\n" }],
    links: { "etc/localtime": "/usr/share/zoneinfo/Etc/UTC" },
  },
  apt: {
    // The archive's public address is the package's own example, cut down to main.
    templates: [
      {
        path: "etc/apt/sources.list",
        from: "usr/share/doc/apt/examples/sources.list",
        replace: [
          ["^#.*\\n", ""],
          ["^\\n", ""],
          [" main contrib.*$", " main"],
        ],
      },
    ],
    directories: [
      { path: "var/lib/apt/lists/partial", mode: 0o700, owner: "_apt:root" },
      { path: "var/cache/apt/archives/partial", mode: 0o700, owner: "_apt:root" },
      { path: "var/log/apt" },
    ],
    remove: ["usr/share/doc/apt/examples"],
  },
  // update-ca-certificates, as far as one bundle goes. OpenSSL would want links named by hash; it takes the bundle too.
  "ca-certificates": {
    // Which of them update-ca-certificates takes; without the file it would take none.
    listings: { "etc/ca-certificates.conf": "usr/share/ca-certificates" },
    concatenations: { "etc/ssl/certs/ca-certificates.crt": "usr/share/ca-certificates/mozilla" },
    directories: [{ path: "usr/local/share/ca-certificates" }],
    links: { "usr/lib/ssl/cert.pem": "/etc/ssl/certs/ca-certificates.crt" },
  },
};
