/** Command-line tools. */

import type { Effects } from "../recipe.ts";

export const toolEffects: Readonly<Record<string, Effects>> = {
  less: { alternatives: [{ name: "pager", link: "/usr/bin/pager", path: "/bin/less", priority: 77 }] },
  nano: { alternatives: [{ name: "editor", link: "/usr/bin/editor", path: "/bin/nano", priority: 40 }] },
  "vim-tiny": {
    alternatives: [
      { name: "vi", link: "/usr/bin/vi", path: "/usr/bin/vim.tiny", priority: 15 },
      { name: "view", link: "/usr/bin/view", path: "/usr/bin/vim.tiny", priority: 15 },
      { name: "ex", link: "/usr/bin/ex", path: "/usr/bin/vim.tiny", priority: 15 },
    ],
  },
  "netcat-openbsd": { alternatives: [{ name: "nc", link: "/bin/nc", path: "/bin/nc.openbsd", priority: 50 }] },
  iptables: {
    alternatives: [
      {
        name: "iptables",
        link: "/usr/sbin/iptables",
        path: "/usr/sbin/iptables-nft",
        priority: 20,
        slaves: ["iptables-restore", "iptables-save"].map((name) => ({
          name,
          link: `/usr/sbin/${name}`,
          path: `/usr/sbin/${name.replace("iptables", "iptables-nft")}`,
        })),
      },
      {
        name: "ip6tables",
        link: "/usr/sbin/ip6tables",
        path: "/usr/sbin/ip6tables-nft",
        priority: 20,
        slaves: ["ip6tables-restore", "ip6tables-save"].map((name) => ({
          name,
          link: `/usr/sbin/${name}`,
          path: `/usr/sbin/${name.replace("ip6tables", "ip6tables-nft")}`,
        })),
      },
    ],
  },
  procps: {
    alternatives: [{ name: "w", link: "/usr/bin/w", path: "/usr/bin/w.procps", priority: 50 }],
  },
  sudo: {
    // Its package ships the rules; group sudo comes with base-passwd.
    directories: [{ path: "var/lib/sudo", mode: 0o700 }],
  },
};
