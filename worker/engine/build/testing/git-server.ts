/** A Git repository behind smart HTTP, as a fetch: one commit, whatever is asked for (gitprotocol-http, version 1). */
import { Buffer } from "buffer";
import git from "isomorphic-git";
import type { Fetch } from "../../ports/host.ts";
import { memoryFiles } from "../remote/memory-files.ts";

const line = (text: string | Uint8Array): Uint8Array => {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const head = new TextEncoder().encode((bytes.length + 4).toString(16).padStart(4, "0"));
  return new Uint8Array([...head, ...bytes]);
};
const flush = new TextEncoder().encode("0000");
const joined = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(parts.flatMap((part) => [...part]));

/** Paths with their texts; a text that begins with "-> " is a link. */
export async function gitServer(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly fetch: Fetch; readonly commit: string }> {
  (globalThis as { Buffer?: unknown }).Buffer ??= Buffer;
  const [fs, gitdir] = [memoryFiles(), "/r"];
  await git.init({ fs, dir: "/", gitdir, bare: true });
  const oids: string[] = [];
  const tree = async (prefix: string): Promise<string> => {
    const names = new Set(
      Object.keys(files).flatMap((path) =>
        path.startsWith(prefix) ? [path.slice(prefix.length).split("/")[0] ?? ""] : [],
      ),
    );
    const entries = [];
    for (const path of [...names].sort()) {
      const text = files[`${prefix}${path}`];
      const isLink = text?.startsWith("-> ") === true;
      const oid =
        text === undefined
          ? await tree(`${prefix}${path}/`)
          : await git.writeBlob({ fs, gitdir, blob: new TextEncoder().encode(isLink ? text.slice(3) : text) });
      oids.push(oid);
      const mode = text === undefined ? "040000" : isLink ? "120000" : "100644";
      entries.push({ mode, path, oid, type: text === undefined ? ("tree" as const) : ("blob" as const) });
    }
    return await git.writeTree({ fs, gitdir, tree: entries });
  };
  const root = await tree("");
  const author = { name: "a", email: "a@example.invalid", timestamp: 1, timezoneOffset: 0 };
  const commit = await git.writeCommit({
    fs,
    gitdir,
    commit: { message: "m\n", tree: root, parent: [], author, committer: author },
  });
  const { packfile = new Uint8Array() } = await git.packObjects({ fs, gitdir, oids: [...oids, root, commit] });
  const answer = (type: string, body: Uint8Array<ArrayBuffer>): Response =>
    new Response(body, { headers: { "content-type": `application/x-git-upload-pack-${type}` } });
  return {
    commit,
    fetch: async (url) => {
      if (url.endsWith("/info/refs?service=git-upload-pack"))
        return answer(
          "advertisement",
          joined(
            line("# service=git-upload-pack\n"),
            flush,
            line(`${commit} HEAD\0side-band-64k ofs-delta shallow symref=HEAD:refs/heads/main agent=test\n`),
            line(`${commit} refs/heads/main\n`),
            flush,
          ),
        );
      if (!url.endsWith("/git-upload-pack")) return new Response("", { status: 404 });
      const pack = joined(new Uint8Array([1]), packfile);
      return answer("result", joined(line(`shallow ${commit}\n`), flush, line("NAK\n"), line(pack), flush));
    },
  };
}
