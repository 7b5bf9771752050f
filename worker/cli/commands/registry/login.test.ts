import { describe, expect, it } from "vitest";
import type { ClientNetwork } from "../../network.ts";
import { noNetwork } from "../../network.ts";
import { json, run, type Script } from "../../testing/scripted.ts";

const accepted: Script = ({ route }) => (route === "POST /auth" ? json({ Status: "Login Succeeded" }) : undefined);
const configFile = "/home/u/.docker/config.json";
const plain = (user: string, password: string): string => btoa(`${user}:${password}`);

/** Docker's tenant and the Hub: a user who needs two polls to agree. */
function hub(): { readonly network: ClientNetwork; readonly asked: string[] } {
  const asked: string[] = [];
  const claims = btoa(JSON.stringify({ "https://hub.docker.com": { username: "ann" } }));
  const answers: Readonly<Record<string, () => Response>> = {
    "/oauth/device/code": () =>
      Response.json({
        device_code: "dev",
        user_code: "ABCD-EFGH",
        verification_uri_complete: "https://login.docker.com/activate?user_code=ABCD-EFGH",
        expires_in: 900,
        interval: 5,
      }),
    "/oauth/token": () =>
      asked.filter((path) => path === "/oauth/token").length < 2
        ? Response.json({ error: "authorization_pending" }, { status: 403 })
        : Response.json({ access_token: `x.${claims}.y`, refresh_token: "refresh" }),
    "/v2/access-tokens/desktop-generate": () => Response.json({ data: { token: "pat" } }, { status: 201 }),
    "/oauth/revoke": () => new Response(),
  };
  const fetch: ClientNetwork["fetch"] = async (url) => {
    const { pathname } = new URL(url);
    asked.push(pathname);
    return answers[pathname]?.() ?? new Response("", { status: 404 });
  };
  return { network: { ...noNetwork, fetch }, asked };
}

describe("docker login", () => {
  it("at Docker Hub waits until the user has agreed in a browser, and keeps the token made for this client", async () => {
    const { network, asked } = hub();
    const { stdout, stderr, code, bodies, files } = await run(["login"], accepted, { terminal: true, network });
    expect({ stdout, code }).toEqual({ stdout: "Login Succeeded\n", code: 0 });
    expect(stderr).toContain("Your one-time device confirmation code is: \x1b[1mABCD-EFGH\n\x1b[0m");
    expect(stderr).toContain("https://login.docker.com/activate\n");
    expect(asked.at(-1)).toBe("/v2/access-tokens/desktop-generate");
    expect(bodies).toEqual([{ username: "ann", password: "pat", serveraddress: "https://index.docker.io/v1/" }]);
    const { auths } = JSON.parse(files.get(configFile) ?? "");
    expect(auths["https://index.docker.io/v1/"]).toEqual({ auth: plain("ann", "pat") });

    const out = await run(["logout"], accepted, { network, files: Object.fromEntries(files) });
    expect(JSON.parse(out.files.get(configFile) ?? "")).toEqual({ auths: {} });
    expect(asked.at(-1)).toBe("/oauth/revoke");
  });

  it("asks for a name and a password when the web cannot be reached", async () => {
    const { stderr, stdout, code } = await run(["login"], accepted, { terminal: true, stdin: "" });
    expect(stderr).toContain("Failed to start web-based login - falling back to command line login...");
    expect(stdout).toContain("Username: ");
    expect({ code, last: stderr.trim().split("\n").at(-1) }).toEqual({
      code: 1,
      last: "Error: Non-null Username Required",
    });
  });

  it("gives credentials to the helper that the configuration names, and takes them from there", async () => {
    const kept = new Map<string, string>();
    const calls: string[] = [];
    const programs: NonNullable<Parameters<typeof run>[2]>["programs"] = async (
      [program = "", action = ""],
      { stdin },
    ) => {
      calls.push(`${program} ${action}`);
      if (action === "store") kept.set(JSON.parse(stdin).ServerURL, stdin);
      if (action === "erase") kept.delete(stdin);
      if (action !== "get") return { code: 0, stdout: "" };
      const found = kept.get(stdin);
      return found === undefined
        ? { code: 1, stdout: "credentials not found in native keychain\n" }
        : { code: 0, stdout: found };
    };
    const files = { [configFile]: '{"credHelpers":{"localhost:5000":"pass"}}' };
    const login = await run(["login", "-u", "ann", "-p", "x", "localhost:5000"], accepted, { programs, files });
    expect(login.stderr).not.toContain("unencrypted");
    expect(JSON.parse(login.files.get(configFile) ?? "").auths).toEqual({ "localhost:5000": {} });
    const again = await run(["login", "localhost:5000"], accepted, { programs, files });
    expect(again.stdout).toBe("Login Succeeded\n");
    expect(again.stderr).toContain("Authenticating with existing credentials... [Username: ann]");
    await run(["logout", "localhost:5000"], accepted, { programs, files });
    expect(kept.size).toBe(0);
    expect(new Set(calls)).toEqual(
      new Set(["docker-credential-pass store", "docker-credential-pass get", "docker-credential-pass erase"]),
    );
  });

  it("says which helper is not there", async () => {
    const files = { [configFile]: '{"credsStore":"nosuch"}' };
    const { stderr, code } = await run(["login", "-u", "ann", "-p", "x", "r.example"], accepted, { files });
    expect({ code, last: stderr.trim().split("\n").at(-1) }).toEqual({
      code: 1,
      last: 'Error saving credentials: error storing credentials - err: exec: "docker-credential-nosuch": executable file not found in $PATH, out: ``',
    });
  });
});
