/**
 * What an image is made of, as data. Debian's maintainer scripts are never run: no root, no chroot, no i386 needed. What they would do
 * (accounts, links, directories) stands in `effects/` by package, and in a recipe where it is this image's own choice.
 */

export interface Account {
  readonly name: string;
  readonly uid: number;
  /** The group of the same id is made unless the base has it. */
  readonly gid: number;
  readonly group?: string;
  readonly home: string;
  readonly shell?: string;
  readonly comment?: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members?: readonly string[];
}

export interface FileRecipe {
  readonly path: string;
  readonly text: string;
  readonly mode?: number;
  /** Owner as "user:group", names or numbers; root's otherwise. */
  readonly owner?: string;
}

export interface DirectoryRecipe {
  readonly path: string;
  readonly mode?: number;
  readonly owner?: string;
}

/** A link group of update-alternatives(1), in automatic mode with one choice. */
export interface Alternative {
  readonly name: string;
  readonly link: string;
  readonly path: string;
  readonly priority: number;
  readonly slaves?: readonly { readonly name: string; readonly link: string; readonly path: string }[];
}

/** A file made from another of the tree: what maintainer scripts do with sed. */
export interface Template {
  readonly path: string;
  readonly from: string;
  /** Regular expressions (global, by line) and what they become. */
  readonly replace?: readonly (readonly [pattern: string, replacement: string])[];
  readonly mode?: number;
  readonly owner?: string;
}

/** Changes to a root file system, in the order of the fields. */
export interface Effects {
  readonly templates?: readonly Template[];
  readonly groups?: readonly Group[];
  readonly accounts?: readonly Account[];
  readonly directories?: readonly DirectoryRecipe[];
  readonly files?: readonly FileRecipe[];
  /** File → folder whose files it is put together from, in the order of their names. */
  readonly concatenations?: Readonly<Record<string, string>>;
  /** File → folder whose files it lists, a line each, by their paths from there. */
  readonly listings?: Readonly<Record<string, string>>;
  /** Path → target, as symlink(2) takes it. */
  readonly links?: Readonly<Record<string, string>>;
  readonly alternatives?: readonly Alternative[];
  readonly owners?: readonly DirectoryRecipe[];
  readonly remove?: readonly string[];
}

export interface LayerRecipe {
  /** Names the layer in the lock file and in the image's history. */
  readonly id: string;
  readonly packages: readonly string[];
  /** Start from what Debian calls required. */
  readonly required?: boolean;
  /** Dependencies that a container does without. */
  readonly without?: readonly string[];
  readonly effects?: Effects;
  /** Paths kept of the packages' content; everything when absent. */
  readonly only?: readonly string[];
  /** Path → file of guest-image/prebuilt, copied as a program. */
  readonly prebuilt?: Readonly<Record<string, string>>;
  /** Folder → file of guest-image/prebuilt (a tar compressed with brotli) that is unpacked there, with the owners that it names by number. */
  readonly archives?: Readonly<Record<string, string>>;
  /** Where busybox lies: its applets become hard links beside it. */
  readonly busyboxLinks?: string;
  /** Put compiled Python modules beside their sources (packages/bytecode.ts). */
  readonly bytecode?: boolean;
  /** Let apt trust the catalogue's own repository (packages/apt-repository.ts). */
  readonly trustsCatalogue?: boolean;
  /** Keep dpkg's database, so that apt and dpkg work in the container. */
  readonly dpkg: boolean;
  /** Files that a start of the image reads, in order; links are followed. */
  readonly prefetch?: readonly string[];
}

/** The config object of the OCI image specification, in its own spelling. */
export interface ImageConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, Readonly<Record<string, never>>>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, Readonly<Record<string, never>>>>;
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
}

export interface ImageRecipe {
  /** As users type it: "nginx". */
  readonly name: string;
  readonly tags: readonly string[];
  readonly description: string;
  /** Lowest first; images with the same layer share it. */
  readonly layers: readonly LayerRecipe[];
  readonly config: ImageConfig;
}

export const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
