/** dpkg's database as it stands after an installation, so that dpkg and apt inside a container know what is there. */

import { createHash } from "node:crypto";
import type { Deb } from "../debian/deb.ts";
import type { FileTree } from "../debian/file-tree.ts";

const STATUS = "var/lib/dpkg/status";
const INFO = "var/lib/dpkg/info";

/** dpkg names the files of a "Multi-Arch: same" package with its architecture. */
function infoName({ control }: Deb): string {
  const name = control.get("package") ?? "";
  return control.get("multi-arch") === "same" ? `${name}:${control.get("architecture")}` : name;
}

/** The control stanza with the state dpkg adds, and the hashes of configuration files as they were shipped. */
function statusStanza(deb: Deb): string {
  const [first, ...rest] = deb.controlText.split("\n");
  const conffiles = new Set(new TextDecoder().decode(deb.controlFiles.get("conffiles")).split("\n"));
  const listed = deb.entries.flatMap(({ path, node }) =>
    conffiles.has(`/${path}`) && node.kind === "file"
      ? [` /${path} ${createHash("md5").update(node.data).digest("hex")}`]
      : [],
  );
  const conffileField = listed.length > 0 ? ["Conffiles:", ...listed] : [];
  return `${[first, "Status: install ok installed", ...rest, ...conffileField].join("\n")}\n\n`;
}

function fileList({ entries }: Deb): string {
  return `${entries.map(({ path }) => (path === "" ? "/." : `/${path}`)).join("\n")}\n`;
}

/** Which package waits for changes in which path, and for which named trigger (deb-triggers(5)). */
function addTriggers(tree: FileTree, deb: Deb): void {
  const triggers = new TextDecoder().decode(deb.controlFiles.get("triggers"));
  for (const line of triggers.split("\n")) {
    const match = /^\s*interest(-await|-noawait)?\s+(\S+)/.exec(line);
    if (match?.[2] === undefined) continue;
    const owner = `${infoName(deb)}${match[1] === "-noawait" ? "/noawait" : ""}`;
    if (match[2].startsWith("/")) {
      const file = "var/lib/dpkg/triggers/File";
      tree.file(file, `${tree.text(file) ?? ""}${match[2]} ${owner}\n`);
    } else {
      const file = `var/lib/dpkg/triggers/${match[2]}`;
      tree.file(file, `${tree.text(file) ?? ""}${owner}\n`);
    }
  }
}

export function recordInstallation(tree: FileTree, debs: readonly Deb[]): void {
  for (const path of ["updates", "parts", "triggers", "alternatives", "info"]) tree.directory(`var/lib/dpkg/${path}`);
  for (const path of ["lock", "lock-frontend", "triggers/Lock", "triggers/Unincorp"]) {
    if (tree.get(`var/lib/dpkg/${path}`) === undefined) tree.file(`var/lib/dpkg/${path}`, "", { mode: 0o640 });
  }
  tree.file(`${INFO}/format`, "1\n");
  tree.file(STATUS, (tree.text(STATUS) ?? "") + debs.map(statusStanza).join(""));
  for (const deb of debs) {
    const name = infoName(deb);
    tree.file(`${INFO}/${name}.list`, fileList(deb));
    for (const [file, data] of deb.controlFiles) {
      if (file === "control") continue;
      const script = /^(pre|post)(inst|rm)$|^config$/.test(file);
      tree.file(`${INFO}/${name}.${file}`, data, { mode: script ? 0o755 : 0o644 });
    }
    addTriggers(tree, deb);
  }
}
