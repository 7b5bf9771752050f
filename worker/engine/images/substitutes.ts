/** Well-known images that are not published for 32-bit x86, and what to take instead. */
import { familiarName, familiarString, parseReference, type Reference } from "./reference.ts";

export type Substitute =
  | { readonly kind: "take"; readonly reference: Reference; readonly message: string }
  | { readonly kind: "refuse"; readonly message: string };

/** By repository: what is close to it and comes in 32 bits. */
const alternatives: Readonly<Record<string, string>> = {
  "library/ubuntu": "debian",
  "library/alpine": "busybox",
  "library/fedora": "debian",
  "library/centos": "debian",
  "library/rockylinux": "debian",
  "library/almalinux": "debian",
  "library/amazonlinux": "debian",
  "library/oraclelinux": "debian",
  "library/mysql": "postgres",
  "library/mariadb": "postgres",
  "library/mongo": "postgres",
};

/** Taken silently but for one line: the first image of half the introductions to Docker. */
const taken = new Set(["library/ubuntu"]);

/** These do have a 32-bit variant, where Docker Hub can be reached. */
const published = new Set(["library/alpine"]);

/** Asked when no endpoint has the image for this machine. */
export function substituteFor(reference: Reference): Substitute | undefined {
  const alternative = alternatives[reference.path];
  if (reference.domain !== "docker.io" || alternative === undefined || reference.digest !== undefined) return undefined;
  const name = familiarName(reference);
  if (taken.has(reference.path) && (reference.tag === undefined || reference.tag === "latest"))
    return {
      kind: "take",
      reference: parseReference(`${alternative}:latest`),
      message: `${name} is not published for this 32-bit machine (linux/386): taking ${alternative}:latest under the name ${familiarString(reference)}`,
    };
  const reason = published.has(reference.path)
    ? `${familiarString(reference)} is not in the catalogue of images, and Docker Hub is out of reach from here`
    : `no matching manifest for linux/386 in the manifest list entries: ${name} is not published for 32-bit machines like this one`;
  return { kind: "refuse", message: `${reason}; use ${alternative} instead (docker pull ${alternative})` };
}
