#!/bin/bash
# Makes guest-image/prebuilt/postgres-cluster.tar.br: what initdb leaves behind, so that a first start in the emulated machine copies files
# instead of running the bootstrap for half a minute. The cluster has the user postgres without a password, as initdb makes it.
#   build.sh ROOT      ROOT: the unpacked layers of the catalogue's postgres image
# Needs an x86 Linux and root, for Debian's i386 initdb runs in ROOT.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$1
work=$(mktemp -d)
trap 'umount "$root/dev/shm" "$root/dev" "$root/tmp" 2>/dev/null; rm -rf "$work"' EXIT
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/dev"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/urandom" c 1 9
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
chroot "$root" env -i PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin LANG=C.UTF-8 \
  setpriv --reuid=postgres --regid=postgres --init-groups \
  initdb -D /tmp/cluster --username=postgres --no-sync --no-instructions
tar -c --sort=name --mtime=@1767225600 --owner=postgres:999 --group=postgres:999 --format=ustar -C "$root/tmp/cluster" . > "$work/cluster.tar"
node -e '
  const { readFileSync, writeFileSync } = require("node:fs");
  const { brotliCompressSync, constants } = require("node:zlib");
  // The three databases are nearly the same, 7 MB apart: the window must hold that.
  const params = { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS };
  writeFileSync(process.argv[2], brotliCompressSync(readFileSync(process.argv[1]), { params }));
' "$work/cluster.tar" "$here/../../prebuilt/postgres-cluster.tar.br"
ls -l "$here/../../prebuilt/postgres-cluster.tar.br"
