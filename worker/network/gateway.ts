/**
 * The HTTP servers on the machine's network: the package indexes at {@link packagesHost}, apt's archives under the names that the images know
 * them by, and in a tab every other host, asked by the page's fetch. What cannot be had is answered at once, with a line that names it.
 */
import type { ApiRequest, ApiResponse, ApiTransport } from "../api/transport.ts";
import type { Fetch } from "../engine/ports/host.ts";
import { found, plain, relayed } from "./answers.ts";
import { packagesHost } from "./names.ts";
import { answerNpm } from "./npm-registry.ts";
import { answerPip } from "./pip-index.ts";
import type { Refusals } from "./refusals.ts";
import type { PackageSettings } from "./settings.ts";

type Scheme = "http" | "https";

export interface GatewayOptions {
  /** Of the site's own files, the catalogue among them. */
  readonly fetch: Fetch;
  readonly catalogue: string;
  readonly settings: () => Promise<PackageSettings>;
  /** HTTP to anywhere outside; undefined where there is no network. */
  readonly outside: Fetch | undefined;
  /** Whether requests for hosts that are not the gateway's own go out by `outside`: a tab's only way. */
  readonly relaysOthers: boolean;
  readonly refusals: Refusals;
}

export class Gateway implements ApiTransport {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  request(request: ApiRequest): Promise<ApiResponse> {
    return this.#ask("http", request);
  }

  /** The same servers, asked over TLS: what goes on from here goes on over TLS too. */
  get overTls(): ApiTransport {
    return { request: (request) => this.#ask("https", request) };
  }

  async #ask(scheme: Scheme, request: ApiRequest): Promise<ApiResponse> {
    const host = (request.headers?.host ?? "").toLowerCase();
    try {
      return await this.#answer(scheme, host, request);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return plain(502, `Drydock: ${host || "the host"} cannot be reached: ${why}`);
    }
  }

  async #answer(scheme: Scheme, host: string, request: ApiRequest): Promise<ApiResponse> {
    const settings = await this.#options.settings();
    const name = host.replace(/:\d+$/, "");
    if (name === packagesHost || name === "") return await this.#answerPackages(scheme, host, request, settings);
    if (settings.aptHosts.includes(name)) return await this.#answerApt(name, request);
    if (this.#options.relaysOthers) return await this.#relay(scheme, host, request);
    return plain(404, `Drydock: no server of the name ${name} is here`);
  }

  async #answerPackages(
    scheme: Scheme,
    host: string,
    request: ApiRequest,
    settings: PackageSettings,
  ): Promise<ApiResponse> {
    const { fetch, catalogue, outside, refusals } = this.#options;
    const path = request.path.replace(/[?#].*$/, "");
    const upstream = (base: string | undefined) =>
      base === undefined || outside === undefined ? undefined : { base, fetch: outside };
    const missing = (kind: string) => (name: string) =>
      refusals.report(
        `${name} is not among this playground's ${kind} packages, and no other index can be asked${outside === undefined ? ": it is offline" : ""}`,
      );
    if (path.startsWith("/pip/"))
      return await answerPip(path, {
        catalogue,
        fetch,
        upstream: upstream(settings.pip),
        onMissing: missing("Python"),
      });
    if (path.startsWith("/npm/"))
      return await answerNpm(path, {
        catalogue,
        fetch,
        upstream: upstream(settings.npm),
        self: `${scheme}://${host || packagesHost}/npm/`,
        accept: request.headers?.accept,
        onMissing: missing("npm"),
      });
    if (path === "/")
      return plain(
        200,
        "Drydock's package indexes: /pip/simple/ for pip, /npm/ for npm; apt finds its archive by itself.",
      );
    return plain(404, "not found");
  }

  /** The catalogue's archive lies under the paths that Debian's has. */
  async #answerApt(name: string, { path, method }: ApiRequest): Promise<ApiResponse> {
    const { fetch, catalogue, refusals } = this.#options;
    const file = path.replace(/[?#].*$/, "");
    if (method !== "GET" && method !== "HEAD") return plain(405, "method not allowed");
    const answer = file.includes("..") ? undefined : await found(fetch(`${catalogue}/apt${file}`));
    if (answer !== undefined) return relayed(answer);
    if (file.endsWith("/InRelease"))
      refusals.report(
        `${name}: the playground's own apt packages are not built, and the archive itself cannot be reached`,
      );
    return plain(404, "not found");
  }

  async #relay(scheme: Scheme, host: string, request: ApiRequest): Promise<ApiResponse> {
    const { outside, refusals } = this.#options;
    if (outside === undefined) return plain(502, `Drydock: ${host} cannot be reached: this playground is offline`);
    const { method, headers = {}, body, signal } = request;
    const kept = ["accept", "accept-language", "authorization", "content-type", "range"].flatMap((name) =>
      headers[name] === undefined ? [] : [[name, headers[name]] as const],
    );
    try {
      return relayed(
        await outside(`${scheme}://${host}${request.path}`, {
          method,
          headers: Object.fromEntries(kept),
          redirect: "follow",
          ...(signal === undefined ? {} : { signal }),
          ...(body?.kind === "stream"
            ? { body: new Uint8Array(await new Response(body.stream as BodyInit).arrayBuffer()) }
            : {}),
        }),
      );
    } catch {
      const sentence = `${host} cannot be reached from a browser tab: it is not there, or it does not let other sites' pages ask it (CORS)`;
      refusals.report(sentence);
      return plain(502, `Drydock: ${sentence}`);
    }
  }
}
