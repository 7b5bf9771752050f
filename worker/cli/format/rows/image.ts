/** `docker images`: fields and formats. */

import { goTime } from "../../../go/time.ts";
import { humanDuration, humanSize } from "../../../go/units.ts";
import type { ImageSummary } from "../../api-types.ts";
import { familiarName, parseReference } from "../../image/reference.ts";
import { Methods } from "../../template/value.ts";
import { shortId } from "../text.ts";

export const imageHeaders = {
  ID: "IMAGE ID",
  Repository: "REPOSITORY",
  Tag: "TAG",
  Digest: "DIGEST",
  CreatedSince: "CREATED",
  CreatedAt: "CREATED AT",
  Size: "SIZE",
  Containers: "CONTAINERS",
  VirtualSize: "SIZE",
  SharedSize: "SHARED SIZE",
  UniqueSize: "UNIQUE SIZE",
};

const since = "{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}";

export function imageFormat(source: string, quiet: boolean, digest: boolean): string {
  if (source === "table")
    return quiet
      ? "{{.ID}}"
      : `table {{.Repository}}\\t{{.Tag}}\\t${digest ? "{{.Digest}}\\t" : ""}{{.ID}}\\t${since}\\t{{.Size}}`;
  if (source === "raw")
    return quiet
      ? "image_id: {{.ID}}"
      : `repository: {{ .Repository }}\ntag: {{.Tag}}\n${digest ? "digest: {{.Digest}}\n" : ""}image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n`;
  return source.startsWith("table") && digest && !source.includes("{{.Digest}}") ? `${source}\t{{.Digest}}` : source;
}

interface Name {
  readonly repo: string;
  readonly tag: string;
  readonly digest: string;
}

const isDangling = ({ RepoTags: tags, RepoDigests: digests }: ImageSummary): boolean =>
  ((tags?.length ?? 0) === 0 && (digests?.length ?? 0) === 0) ||
  (tags?.length === 1 && tags[0] === "<none>:<none>" && digests?.length === 1 && digests[0] === "<none>@<none>");

function group(references: readonly string[] | null, part: "tag" | "digest"): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const text of references ?? []) {
    const reference = parseReference(text);
    const value = reference?.[part];
    if (reference === undefined || value === undefined) continue;
    const name = familiarName(reference);
    out.set(name, [...(out.get(name) ?? []), value]);
  }
  return out;
}

/** One row for each name of the image; with digests, one for each pair. */
export function imageNames(image: ImageSummary, digest: boolean, needDigest: boolean): readonly Name[] {
  if (isDangling(image)) return [{ repo: "<none>", tag: "<none>", digest: "<none>" }];
  const tags = group(image.RepoTags, "tag");
  const digests = group(image.RepoDigests, "digest");
  const names: Name[] = [];
  for (const [repo, list] of tags) {
    const own = needDigest ? (digests.get(repo) ?? []) : [];
    digests.delete(repo);
    for (const tag of list)
      if (own.length === 0) names.push({ repo, tag, digest: "<none>" });
      else for (const d of own) names.push({ repo, tag, digest: d });
  }
  for (const [repo, list] of digests)
    if (digest) for (const d of list) names.push({ repo, tag: "<none>", digest: d });
    else names.push({ repo, tag: "<none>", digest: "" });
  return names;
}

export function imageRow(image: ImageSummary, name: Name, trunc: boolean, now: number): Methods {
  return new Methods("*formatter.imageContext", {
    ID: () => (trunc ? shortId(image.Id) : image.Id),
    Repository: () => name.repo,
    Tag: () => name.tag,
    Digest: () => name.digest,
    CreatedSince: () => `${humanDuration(now - image.Created * 1000)} ago`,
    CreatedAt: () => goTime(new Date(image.Created * 1000)),
    Size: () => humanSize(image.Size, 3),
    Containers: () => (image.Containers === -1 ? "N/A" : String(image.Containers)),
    VirtualSize: () => humanSize(image.Size),
    SharedSize: () => (image.SharedSize === -1 ? "N/A" : humanSize(image.SharedSize)),
    UniqueSize: () => (image.Size === -1 || image.SharedSize === -1 ? "N/A" : humanSize(image.Size - image.SharedSize)),
  });
}
