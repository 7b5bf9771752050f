#!/bin/bash
# Builds the guest's kernel from Debian's linux-source package and writes guest-image/prebuilt/bzImage.
# The configuration is `tinyconfig` plus ./fragment, the changes to the source are ./patches. Needs a Debian machine, root, and five to eight minutes on two cores.
#   build.sh [WORKDIR]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
package=linux-source-6.1
if [ "$(id -u)" = 0 ]; then
  apt-get update -qq
  apt-get install -y --no-install-recommends "$package" build-essential gcc-multilib flex bison bc libelf-dev libssl-dev zstd cpio xz-utils kmod patch >/dev/null
fi
version=$(dpkg-query -W -f '${Version}' "$package")
mkdir -p "$work"
if [ ! -d "$work/$package" ]; then
  tar xf "/usr/src/$package.tar.xz" -C "$work"
  cat "$here"/patches/*.patch | patch -s -p1 -d "$work/$package"
fi
cd "$work/$package"
export KBUILD_BUILD_TIMESTAMP='2026-01-01' KBUILD_BUILD_USER=drydock KBUILD_BUILD_HOST=drydock
make -s ARCH=i386 tinyconfig
grep -v '^#' "$here/fragment" >> .config
make -s ARCH=i386 olddefconfig
make -s ARCH=i386 -j"$(nproc)" bzImage
cp arch/x86/boot/bzImage "$here/../prebuilt/bzImage"
# Where the kernel keeps its table of pages: the snapshot's builder reads there which pages are free.
awk '$3 ~ /^(mem_map|max_mapnr)$/ { print $3, $1 }' System.map > "$here/../prebuilt/bzImage.symbols"
(cd "$here" && sha256sum fragment build.sh patches/*) > "$here/../prebuilt/bzImage.recipe"
printf '%s %s\n' "$package" "$version" > "$here/../prebuilt/bzImage.source"
ls -l "$here/../prebuilt/bzImage"
