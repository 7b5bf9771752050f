/**
 * A preview's cookies. A service worker neither sees `Cookie` nor can answer with `Set-Cookie`, so they are kept here
 * (RFC 6265, for one host: Domain is not looked at, as every cookie is host-only).
 */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** Milliseconds since 1970; `undefined` for as long as the browser runs. */
  readonly expires: number | undefined;
  readonly httpOnly: boolean;
}

const limit = 200;

/** RFC 6265, 5.1.4. */
export function defaultPath(requestPath: string): string {
  const last = requestPath.lastIndexOf("/");
  return last <= 0 ? "/" : requestPath.slice(0, last);
}

export function parseSetCookie(header: string, requestPath: string, now: number): Cookie | undefined {
  const [pair = "", ...attributes] = header.split(";");
  const equals = pair.indexOf("=");
  const name = pair.slice(0, equals).trim();
  if (equals <= 0 || name === "") return undefined;
  let path = defaultPath(requestPath);
  let expires: number | undefined;
  let maxAge: number | undefined;
  let httpOnly = false;
  for (const attribute of attributes) {
    const at = attribute.indexOf("=");
    const key = (at < 0 ? attribute : attribute.slice(0, at)).trim().toLowerCase();
    const value = at < 0 ? "" : attribute.slice(at + 1).trim();
    if (key === "path" && value.startsWith("/")) path = value;
    else if (key === "httponly") httpOnly = true;
    else if (key === "max-age" && /^-?\d+$/.test(value)) maxAge = now + Number(value) * 1000;
    else if (key === "expires" && !Number.isNaN(Date.parse(value))) expires = Date.parse(value);
  }
  return { name, value: pair.slice(equals + 1).trim(), path, expires: maxAge ?? expires, httpOnly };
}

/** RFC 6265, 5.1.4: "/a" matches "/a", "/a/" and "/a/b", not "/ab". */
export function pathMatches(cookiePath: string, requestPath: string): boolean {
  if (requestPath === cookiePath) return true;
  return requestPath.startsWith(cookiePath) && (cookiePath.endsWith("/") || requestPath[cookiePath.length] === "/");
}

const isSame = (a: Cookie, b: Cookie): boolean =>
  a.name === b.name && a.path === b.path && a.value === b.value && a.httpOnly === b.httpOnly && a.expires === b.expires;

export class CookieJar {
  #cookies: readonly Cookie[];

  constructor(cookies: readonly Cookie[] = []) {
    this.#cookies = cookies;
  }

  get cookies(): readonly Cookie[] {
    return this.#cookies;
  }

  /** Answers whether the jar has changed. */
  take(headers: readonly string[], requestPath: string, now: number): boolean {
    const set = headers
      .map((header) => parseSetCookie(header, requestPath, now))
      .filter((cookie) => cookie !== undefined);
    let changed = false;
    for (const cookie of set) {
      // What is set again to the same with every answer is no reason to write the jar.
      if (this.#cookies.some((each) => isSame(each, cookie))) continue;
      changed = true;
      const others = this.#cookies.filter(({ name, path }) => name !== cookie.name || path !== cookie.path);
      const live = cookie.expires === undefined || cookie.expires > now;
      this.#cookies = (live ? [...others, cookie] : others).slice(-limit);
    }
    return changed;
  }

  /** `document.cookie`: a script neither makes a cookie HttpOnly nor replaces one that is (RFC 6265, 5.3). */
  takeFromScript(header: string, requestPath: string, now: number): boolean {
    const cookie = parseSetCookie(header, requestPath, now);
    const hidden = this.#cookies.some(
      ({ name, path, httpOnly }) => httpOnly && name === cookie?.name && path === cookie.path,
    );
    if (cookie === undefined || cookie.httpOnly || hidden) return false;
    return this.take([header], requestPath, now);
  }

  /** What scripts of the page may see. */
  get visible(): readonly Cookie[] {
    return this.#cookies.filter(({ httpOnly }) => !httpOnly);
  }

  /** The `Cookie` header; longer paths first. `undefined` when there is nothing to send. */
  header(requestPath: string, now: number): string | undefined {
    const matching = this.#cookies
      .filter(({ path, expires }) => pathMatches(path, requestPath) && (expires === undefined || expires > now))
      .sort((a, b) => b.path.length - a.path.length);
    return matching.length === 0 ? undefined : matching.map(({ name, value }) => `${name}=${value}`).join("; ");
  }
}
