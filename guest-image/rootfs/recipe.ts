/** The userland at the prompt: what a learner finds in the machine around the containers. */

import { bashScript } from "../../worker/cli/completion/bash.ts";
import type { LayerRecipe } from "../catalogue/recipe.ts";
import { BASHRC, INPUTRC, NANORC, PROFILE, SUDOERS } from "./dotfiles.ts";

const HOME = "home/learner";
const LEARNER = "learner:learner";

export const userlandLayer: LayerRecipe = {
  id: "userland",
  dpkg: false,
  packages: [
    "base-files",
    "base-passwd",
    "bash",
    "bash-completion",
    "bsdutils",
    "ca-certificates",
    "coreutils",
    "curl",
    "dash",
    "debianutils",
    "diffutils",
    "findutils",
    "git",
    "grep",
    "gzip",
    "hostname",
    "iproute2",
    "iptables",
    "iputils-ping",
    "jq",
    "less",
    "libc-bin",
    "login",
    "mawk",
    "mount",
    "nano",
    "ncurses-base",
    "ncurses-bin",
    "netcat-openbsd",
    "nftables",
    "passwd",
    "procps",
    "psmisc",
    "sed",
    "strace",
    "sudo",
    "tar",
    "tree",
    "tzdata",
    "usr-is-merged",
    "util-linux",
    "vim-tiny",
    "xz-utils",
  ],
  // Machinery of installations and of an init system: nothing is installed here, and the agent is the init.
  without: [
    "debconf",
    "perl",
    "perl-base",
    "liberror-perl",
    "init-system-helpers",
    "dpkg",
    "adduser",
    "lsb-base",
    "libpam-systemd",
  ],
  effects: {
    templates: [
      // Without a process start at each login.
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's syntax
      { path: "etc/profile", from: "usr/share/base-files/profile", replace: [["\\$\\(id -u\\)", "${EUID:-$(id -u)}"]] },
    ],
    groups: [{ name: "docker", gid: 999, members: ["learner"] }],
    accounts: [
      { name: "learner", uid: 1000, gid: 1000, home: "/home/learner", shell: "/bin/bash", comment: "Docker learner" },
    ],
    directories: [
      ...["proc", "sys", "dev", "run", "layers", "var/lib/docker", "var/lib/containerd"].map((path) => ({ path })),
      { path: "tmp", mode: 0o1777 },
      { path: HOME, mode: 0o750, owner: LEARNER },
      { path: `${HOME}/site`, owner: LEARNER },
    ],
    files: [
      { path: "usr/share/bash-completion/completions/docker", text: bashScript },
      { path: "etc/hostname", text: "drydock\n" },
      {
        path: "etc/hosts",
        text: "127.0.0.1\tlocalhost\n127.0.1.1\tdrydock\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n",
      },
      { path: "etc/resolv.conf", text: "" },
      { path: "etc/sudoers.d/learner", text: SUDOERS, mode: 0o440 },
      { path: "etc/inputrc", text: INPUTRC },
      { path: "etc/nanorc", text: NANORC },
      { path: `${HOME}/.bashrc`, text: BASHRC, owner: LEARNER },
      { path: `${HOME}/.profile`, text: PROFILE, owner: LEARNER },
      { path: `${HOME}/.hushlogin`, text: "", owner: LEARNER },
    ],
    links: { "etc/mtab": "../proc/self/mounts" },
    // The completion is loaded at the first Tab instead (.bashrc).
    remove: [
      "etc/profile.d/bash_completion.sh",
      // git's servers and mail, each of which is a copy of most of git.
      ...["git-daemon", "git-http-backend", "git-http-push", "git-imap-send", "git-shell", "scalar"].map(
        (name) => `usr/lib/git-core/${name}`,
      ),
      "usr/bin/git-shell",
      "usr/bin/scalar",
      "usr/share/gitweb",
      "usr/share/perl5",
      "usr/share/zoneinfo/right",
      "usr/share/zoneinfo/posix",
    ],
  },
};

/** What the first prompt reads, for fetching it ahead. */
export const promptFiles: readonly string[] = [
  "lib/ld-linux.so.2",
  "bin/bash",
  "lib/i386-linux-gnu/libc.so.6",
  "lib/i386-linux-gnu/libtinfo.so.6",
  "etc/ld.so.cache",
  "etc/passwd",
  "etc/group",
  "etc/nsswitch.conf",
  "etc/profile",
  "etc/bash.bashrc",
  "etc/inputrc",
  "lib/terminfo/x/xterm-256color",
  `${HOME}/.bashrc`,
  `${HOME}/.profile`,
  "usr/local/bin/docker",
];
