import type { ImageRecipe } from "../recipe.ts";
import { PATH } from "../recipe.ts";

const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
bin:x:2:2:bin:/bin:/bin/false
sys:x:3:3:sys:/dev:/bin/false
sync:x:4:100:sync:/bin:/bin/sync
mail:x:8:8:mail:/var/spool/mail:/bin/false
www-data:x:33:33:www-data:/var/www:/bin/false
operator:x:37:37:Operator:/var:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
`;

const GROUP = `root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
lp:x:7:
mail:x:8:
kmem:x:9:
wheel:x:10:root
cdrom:x:11:
dialout:x:18:
floppy:x:19:
video:x:28:
audio:x:29:
tape:x:32:
www-data:x:33:
operator:x:37:
utmp:x:43:
plugdev:x:46:
staff:x:50:
lock:x:54:
netdev:x:82:
users:x:100:
nobody:x:65534:
`;

const locked = (names: string): string =>
  names
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `${line.split(":")[0]}:*:10933:0:99999:7:::\n`)
    .join("");

/** Debian's static busybox, which is linked with glibc, laid out as the well-known image is. */
export const busybox: ImageRecipe = {
  name: "busybox",
  tags: ["latest", "stable", "glibc", "stable-glibc", "1", "1.35", "1.35.0", "1.35.0-glibc"],
  description: "Busybox base image.",
  layers: [
    {
      id: "busybox",
      packages: ["busybox-static"],
      only: ["bin/busybox"],
      busyboxLinks: "bin/busybox",
      dpkg: false,
      prefetch: ["bin/busybox"],
      effects: {
        files: [
          { path: "etc/passwd", text: PASSWD },
          { path: "etc/group", text: GROUP },
          { path: "etc/shadow", text: locked(PASSWD), mode: 0o600 },
          { path: "etc/nsswitch.conf", text: "passwd:\tfiles\ngroup:\tfiles\nshadow:\tfiles\nhosts:\tfiles dns\n" },
        ],
        directories: [
          { path: "dev" },
          { path: "home", owner: "65534:65534" },
          { path: "root", mode: 0o700 },
          { path: "tmp", mode: 0o1777 },
          { path: "usr/sbin", owner: "1:1" },
          { path: "var/spool/mail", owner: "8:8" },
          { path: "var/www", owner: "33:33" },
        ],
        links: { "usr/bin/env": "../../bin/env" },
      },
    },
  ],
  config: { Cmd: ["sh"], Env: [PATH], WorkingDir: "/" },
};
