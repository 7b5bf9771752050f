/**
 * Image references, by the grammar and with the error texts of github.com/distribution/reference: "nginx" means
 * docker.io/library/nginx:latest, "host:5000/a/b@sha256:…" a digest in a registry of one's own.
 */
import { EngineError } from "../errors.ts";
import type { Digest } from "../ports/storage.ts";

export interface Reference {
  /** Registry, such as "docker.io" or "localhost:5000". */
  readonly domain: string;
  /** Repository in it, such as "library/nginx". */
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

export const defaultDomain = "docker.io";
const officialPrefix = "library/";
export const defaultTag = "latest";

const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const domainName = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domain = `(?:${domainName}(?:\\.${domainName})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const tag = "[\\w][\\w.-]{0,127}";
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const referencePattern = new RegExp(`^(${domain})/(${component}(?:/${component})*)(?::(${tag}))?(?:@(${digest}))?$`);
const digestPattern = /^sha256:[0-9a-f]{64}$/;
const tagPattern = new RegExp(`^${tag}$`);
const maxNameLength = 255;

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);

export function isDigest(text: string): text is Digest {
  return digestPattern.test(text);
}

export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** reference.ParseNormalizedNamed. Throws "invalid reference format" and its relatives. */
export function parseReference(text: string): Reference {
  if (/^[a-f0-9]{64}$/.test(text))
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  const { domain: host, rest } = splitDomain(text);
  const remote = /^[^:]*/.exec(rest)?.[0] ?? rest;
  if (remote.toLowerCase() !== remote)
    throw invalid(`invalid reference format: repository name (${remote}) must be lowercase`);
  const match = referencePattern.exec(`${host}/${rest}`);
  if (match === null) throw invalid("invalid reference format");
  const path = match[2] ?? "";
  if (path.length > maxNameLength) throw invalid(`repository name must not be more than ${maxNameLength} characters`);
  const found = match[4];
  if (found !== undefined && !isDigest(found))
    throw invalid(found.startsWith("sha256:") ? "invalid checksum digest length" : "unsupported digest algorithm");
  return { domain: host, path, tag: match[3], digest: found };
}

/** As `parseReference`, `undefined` where the text is none. */
export function tryParseReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

function splitDomain(text: string): { readonly domain: string; readonly rest: string } {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(0, slash));
  const isDomain = slash >= 0 && (/[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first);
  const host = !isDomain || first === "index.docker.io" ? defaultDomain : first;
  const rest = isDomain ? text.slice(slash + 1) : text;
  return { domain: host, rest: host === defaultDomain && !rest.includes("/") ? officialPrefix + rest : rest };
}

/** reference.TagNameOnly: the default tag where neither tag nor digest is given. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: defaultTag } : reference;
}

/** The full name without tag and digest: "docker.io/library/nginx". */
export const repositoryName = (reference: Reference): string => `${reference.domain}/${reference.path}`;

/** reference.FamiliarName: "nginx", "user/app", "localhost:5000/app". */
export function familiarName(reference: Reference): string {
  if (reference.domain !== defaultDomain) return repositoryName(reference);
  const rest = reference.path.slice(officialPrefix.length);
  return reference.path.startsWith(officialPrefix) && !rest.includes("/") ? rest : reference.path;
}

/** reference.FamiliarString, as Docker prints references. */
export function familiarString(reference: Reference): string {
  return `${familiarName(reference)}${suffix(reference)}`;
}

/** The canonical string, as references are kept in records. */
export function canonicalString(reference: Reference): string {
  return `${repositoryName(reference)}${suffix(reference)}`;
}

const suffix = (reference: Reference): string =>
  `${reference.tag === undefined ? "" : `:${reference.tag}`}${reference.digest === undefined ? "" : `@${reference.digest}`}`;
