/** Proxy settings of the client's config file become variables of containers: configfile.ParseProxyConfig. */
import { cut } from "../flags/values.ts";
import type { Context } from "../session/context.ts";

const variables: Readonly<Record<string, string>> = {
  httpProxy: "HTTP_PROXY",
  httpsProxy: "HTTPS_PROXY",
  noProxy: "NO_PROXY",
  ftpProxy: "FTP_PROXY",
  allProxy: "ALL_PROXY",
};

export function proxyEnvironment({ config, client }: Context, env: readonly string[]): readonly string[] {
  const proxy = config.proxies?.[client.host] ?? config.proxies?.default;
  if (proxy === undefined) return [];
  const given = new Set(env.map((pair) => cut(pair, "=")[0]));
  return Object.entries(variables).flatMap(([key, name]) => {
    const value = proxy[key];
    return value === undefined || value === ""
      ? []
      : [name, name.toLowerCase()].filter((n) => !given.has(n)).map((n) => `${n}=${value}`);
  });
}
