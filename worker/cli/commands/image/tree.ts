/**
 * `docker images --tree`: images with the platforms that they come in, where the engine knows them (one with the containerd image
 * store; others tell no manifests, and the tree has no branches). Colours, widths and the legend are those of docker/cli's tree.go.
 */

import { humanSize } from "../../../go/units.ts";
import type { ImageSummary } from "../../api-types.ts";
import { infoHeader, styled, widthOf } from "../../format/style.ts";
import { ellipsis } from "../../format/text.ts";
import { formatPlatform, type Platform } from "../../image/platform.ts";
import { windowSize } from "../../io/attached.ts";
import { filterQuery } from "../../session/client.ts";
import type { Context } from "../../session/context.ts";

interface ManifestSummary {
  readonly ID: string;
  readonly Kind: string;
  readonly Available: boolean;
  readonly Size: { readonly Total: number; readonly Content: number };
  readonly ImageData?: { readonly Platform: Platform; readonly Containers: readonly string[] | null };
}
interface Summary extends ImageSummary {
  readonly Manifests?: readonly ManifestSummary[];
}
interface Details {
  readonly id: string;
  readonly disk: string;
  readonly content: string;
  readonly inUse: boolean;
}
interface Branch {
  readonly platform: string;
  readonly available: boolean;
  readonly details: Details;
}
interface TopImage {
  readonly names: readonly string[];
  readonly details: Details;
  readonly branches: readonly Branch[];
}
type Style = (text: string) => string;

const plain: Style = (text) => text;
const columnSpacing = 3;

export async function showTree(
  context: Context,
  all: boolean,
  filters: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const summaries = await context.client.get<readonly Summary[]>("/images/json", {
    all,
    filters: filterQuery(filters),
    manifests: true,
  });
  const shown = summaries.filter((image) => all || !isDangling(image)).toSorted((a, b) => b.Created - a.Created);
  const [, columns] = await windowSize(context);
  print(context, shown.map(topImage), Math.max(columns || 80, 20));
}

const isDangling = ({ RepoTags, RepoDigests }: ImageSummary): boolean =>
  (RepoTags ?? []).length === 0 && (RepoDigests ?? []).length === 0;

function topImage({ Id, RepoTags, Size, Containers, Manifests = [] }: Summary): TopImage {
  const branches = Manifests.flatMap(({ ID, Kind, Available, Size: size, ImageData }): Branch[] => {
    if (Kind !== "image" || ImageData === undefined) return [];
    const inUse = (ImageData.Containers ?? []).length > 0;
    const details = { id: ID, disk: humanSize(size.Total, 3), content: humanSize(size.Content, 3), inUse };
    return [{ platform: formatPlatform(ImageData.Platform), available: Available, details }];
  });
  const content = Manifests.reduce((sum, manifest) => sum + manifest.Size.Content, 0);
  return {
    names: RepoTags ?? [],
    branches,
    details: {
      id: Id,
      disk: humanSize(Size, 3),
      content: humanSize(content, 3),
      inUse: Containers > 0 || branches.some(({ details }) => details.inUse),
    },
  };
}

function print({ out }: Context, images: readonly TopImage[], width: number): void {
  const { isTerminal } = out;
  const style = (with_: Style): Style => (isTerminal ? with_ : plain);
  const chip = isTerminal ? "\x1b[38;5;0m\x1b[48;5;14m U \x1b[0m" : "U";
  const noChip = isTerminal ? "   " : " ";
  const hasChips = images.some(({ branches }) => branches.some(({ details }) => details.inUse));
  const extra = (details: Details): string => (hasChips ? (details.inUse ? chip : noChip) : "");

  const warning = "WARNING: This is an experimental feature. The output may change and shouldn't be depended on.";
  out.line(style(styled("93"))(warning));
  const legend = `${infoHeader(isTerminal)} ${chip} In Use `;
  out.line(" ".repeat(Math.max(0, width - widthOf(legend))) + legend);
  out.line("");

  const cells: readonly {
    readonly name: string;
    readonly width: number;
    cell(details: Details, style: Style): string;
  }[] = [
    { name: "ID", width: 12, cell: ({ id }, s) => left(id.replace(/^sha256:/, "").slice(0, 12), 12, s) },
    { name: "DISK USAGE", width: 10, cell: ({ disk }, s) => right(disk, 10, s) },
    { name: "CONTENT SIZE", width: 12, cell: ({ content }, s) => right(content, 12, s) },
    { name: "EXTRA", width: 5, cell: (details) => left(extra(details), 5, plain) },
  ];
  const { columns, nameWidth } = fit(cells, widestName(images), width);
  const gap = " ".repeat(columnSpacing);
  out.line([left("IMAGE", nameWidth, title), ...columns.map((c) => heading(c, title))].join(gap));
  const details = (of: Details, s: Style): string => columns.map(({ cell }) => gap + cell(of, s)).join("");

  const spaced = images.some(({ branches }) => branches.length > 0);
  const normal = style(styled("39"));
  for (const { names, details: own, branches } of images) {
    const sorted = names.toSorted((a, b) => b.length - a.length);
    const last = sorted.at(-1);
    for (const name of sorted.slice(0, -1)) out.line(style(blueBold)(ellipsis(name, width)));
    out.print(
      last === undefined ? left("<untagged>", nameWidth, style(defaultFaint)) : left(last, nameWidth, style(blueBold)),
    );
    out.line(details(own, normal));
    branches.forEach(({ platform, available, details: of }, i) => {
      const s = available ? normal : style(defaultFaint);
      const text = `${i === branches.length - 1 ? "└─" : "├─"} ${platform}`;
      out.line(left(text, nameWidth, s) + details(of, s));
    });
    if (spaced) out.line("");
  }
}

const title = styled("39", "1");
const blueBold = styled("34", "1");
const defaultFaint = styled("39", "2");

const heading = ({ name, width }: { readonly name: string; readonly width: number }, style: Style): string =>
  name === "DISK USAGE" || name === "CONTENT SIZE" ? right(name, width, style) : left(name, width, style);

function left(text: string, width: number, style: Style): string {
  const fill = width - widthOf(text);
  return fill < 0 ? style(ellipsis(text, width)) : style(text) + " ".repeat(fill);
}
function right(text: string, width: number, style: Style): string {
  const fill = width - widthOf(text);
  return fill < 0 ? style(ellipsis(text, width)) : " ".repeat(fill) + style(text);
}

/** Columns that would leave the names fewer than twelve characters are left out. */
function fit<Column extends { readonly width: number }>(
  columns: readonly Column[],
  widest: number,
  width: number,
): { readonly columns: readonly Column[]; readonly nameWidth: number } {
  let left = width;
  const kept: Column[] = [];
  for (const column of columns) {
    const needed = column.width + columnSpacing;
    if (left - needed < 12) break;
    left -= needed;
    kept.push(column);
  }
  return { columns: kept, nameWidth: Math.min(left, widest) };
}

/** In bytes, as Go's len counts. */
function widestName(images: readonly TopImage[]): number {
  const size = (text: string): number => new TextEncoder().encode(text).length;
  return Math.max(
    "IMAGE".length,
    ...images.flatMap(({ names, branches }) => [
      ...names.map(size),
      ...branches.map(({ platform }) => size(`└─ ${platform}`)),
    ]),
  );
}
