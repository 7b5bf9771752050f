/** Names of images, as distribution/reference reads and shows them: https://github.com/distribution/reference. */
import { CliError } from "../session/errors.ts";

export interface Reference {
  readonly domain: string;
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const component = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const pathPattern = new RegExp(`^${component}(?:/${component})*$`);
const label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domainPattern = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

const invalid = "invalid reference format";

/** reference.ParseNormalizedNamed; throws in its words. */
export function normalizedReference(name: string): Reference {
  if (/^[a-f0-9]{64}$/.test(name))
    throw new CliError(`invalid repository name (${name}), cannot specify 64-byte hexadecimal strings`);
  let rest = name;
  let digest: string | undefined;
  const at = rest.indexOf("@");
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!digestPattern.test(digest)) throw new CliError(invalid);
  }
  const slash = rest.indexOf("/");
  const first = slash < 0 ? "" : rest.slice(0, slash);
  const isDomain = slash >= 0 && (/[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first);
  let domain = isDomain ? first : "docker.io";
  let remainder = isDomain ? rest.slice(slash + 1) : rest;
  if (domain === "index.docker.io") domain = "docker.io";
  let tag: string | undefined;
  const colon = remainder.indexOf(":");
  if (colon >= 0) {
    tag = remainder.slice(colon + 1);
    remainder = remainder.slice(0, colon);
    if (!tagPattern.test(tag)) throw new CliError(invalid);
  }
  if (domain === "docker.io" && !remainder.includes("/")) remainder = `library/${remainder}`;
  if (remainder.toLowerCase() !== remainder)
    throw new CliError(`${invalid}: repository name (${remainder}) must be lowercase`);
  if (!domainPattern.test(domain) || !pathPattern.test(remainder)) throw new CliError(invalid);
  return { domain, path: remainder, tag, digest };
}

export function parseReference(name: string): Reference | undefined {
  try {
    return normalizedReference(name);
  } catch {
    return undefined;
  }
}

export const familiarName = ({ domain, path }: Reference): string =>
  domain === "docker.io" ? path.replace(/^library\/(?=[^/]+$)/, "") : `${domain}/${path}`;

/** reference.FamiliarString. */
export const familiar = (reference: Reference): string =>
  familiarName(reference) +
  (reference.tag === undefined ? "" : `:${reference.tag}`) +
  (reference.digest === undefined ? "" : `@${reference.digest}`);

/** reference.Named's String: nothing left out. */
export const fullName = ({ domain, path, tag, digest }: Reference): string =>
  `${domain}/${path}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;

/** With ":latest" when there is neither tag nor digest. */
export const withDefaultTag = (reference: Reference): Reference =>
  reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: "latest" } : reference;

/** The registry's name in the credentials file. */
export const hubAuthKey = "https://index.docker.io/v1/";
export const authKeyOf = ({ domain }: Reference): string => (domain === "docker.io" ? hubAuthKey : domain);
