/** The network of containers and of build steps, on the real machine without one around it: packages from the catalogue, and clear refusals. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Captured, capture } from "../../worker/cli/capture.ts";
import { nodeFiles } from "../../worker/cli/main.node.ts";
import { Authority } from "../../worker/network/tls/authority.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";
import { buildPath } from "../../worker/node-platform.node.ts";

const hasPackages = existsSync(buildPath("catalogue/packages.json"));
const folder = mkdtempSync(join(tmpdir(), "drydock-packages-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const packageSettings = async (): Promise<{ readonly aptHosts: readonly string[] }> =>
  JSON.parse(readFileSync(buildPath("catalogue/packages.json"), "utf8"));

const dockerOf =
  (drydock: () => Drydock) =>
  (args: readonly string[], stdin?: string): Promise<Captured> =>
    capture((invocation) => drydock().docker(invocation), args, {
      cwd: folder,
      files: nodeFiles,
      env: { HOME: folder },
      ...(stdin === undefined ? {} : { stdin }),
    });

describe("containers of a playground that is offline", () => {
  let drydock: Drydock;
  const said: string[] = [];
  const docker = dockerOf(() => drydock);
  const shell = (line: string, ...options: readonly string[]): Promise<Captured> =>
    docker(["run", "--rm", ...options, "busybox", "sh", "-c", line]);

  beforeAll(async () => {
    drydock = await openDrydock({ offline: true, onMessage: (message) => void said.push(message) });
    await docker(["pull", "-q", "busybox"]);
  });
  afterAll(() => drydock.close());

  it("find the package indexes by name on every network that leads out, and on no other", async () => {
    const ask = "wget -qO- http://packages.drydock.internal/";
    const expected = expect.stringContaining("/pip/simple/ for pip");
    await docker(["network", "create", "mine"]);
    await docker(["network", "create", "--internal", "closed"]);
    for (const network of ["bridge", "host", "mine"])
      expect((await shell(ask, "--network", network)).stdout, network).toEqual(expected);
    for (const network of ["none", "closed"]) expect((await shell(ask, "--network", network)).code).not.toBe(0);
    await docker(["network", "rm", "mine", "closed"]);
  });

  it("are told at once what cannot be reached, and by which name", async () => {
    said.length = 0;
    const name = await shell("wget -qO- http://www.example.com/");
    expect(name.stderr).toContain("bad address 'www.example.com'");
    const address = await shell("nc 192.0.2.1 81");
    expect(address.stderr).toContain("Network is unreachable");
    expect(said).toEqual([
      "www.example.com cannot be reached: this playground is offline",
      "192.0.2.1:81 cannot be reached: this playground is offline",
    ]);
    const step = await docker(
      ["build", "--progress", "plain", "-"],
      "FROM busybox\nRUN wget -q http://files.example.org/tool\n",
    );
    expect(step.code).toBe(1);
    expect(step.stderr).toMatch(/ drydock: files\.example\.org cannot be reached: this playground is offline\n/);
  });

  it("build steps and language images know where packages are, the configuration does not", async () => {
    const plain = await docker(
      ["build", "-q", "-t", "env", "-"],
      "FROM busybox\nENV PIP_TRUSTED_HOST=mine\nRUN env > /env\n",
    );
    expect(plain.code).toBe(0);
    const { stdout } = await docker(["run", "--rm", "env", "cat", "/env"]);
    expect(stdout).toContain("PIP_INDEX_URL=http://packages.drydock.internal/pip/simple/\n");
    expect(stdout).toContain("npm_config_registry=http://packages.drydock.internal/npm/\n");
    expect(stdout).toContain("PIP_TRUSTED_HOST=mine\n");
    expect((await docker(["inspect", "-f", "{{.Config.Env}}", "env"])).stdout).not.toContain("PIP_INDEX_URL");
    expect((await shell("env")).stdout).not.toContain("PIP_");
    expect((await shell("env", "-e", "PYTHON_VERSION=3")).stdout).toContain("PIP_INDEX_URL=");
  });

  it.skipIf(!hasPackages)("get npm's and pip's packages whole, by the way that npm and pip ask for them", async () => {
    // npm and pip themselves take minutes here; what they ask is a document, and then the file that it names with its digest.
    const index = "http://packages.drydock.internal";
    const npm = JSON.parse((await shell(`wget -qO- ${index}/npm/ms`)).stdout);
    const { tarball, integrity } = npm.versions[npm["dist-tags"].latest].dist;
    expect(tarball).toMatch(new RegExp(`^${index}/npm/`));
    const sum = (await shell(`wget -qO- ${tarball} | sha512sum`)).stdout.slice(0, 128);
    expect(integrity).toBe(`sha512-${Buffer.from(sum, "hex").toString("base64")}`);
    const links = (await shell(`wget -qO- ${index}/pip/simple/itsdangerous/`)).stdout;
    const [, href = "", digest] = /href="([^"#]+)#sha256=([0-9a-f]{64})"/.exec(links) ?? [];
    const wheel = new URL(href, `${index}/pip/simple/itsdangerous/`).href;
    expect((await shell(`wget -qO- ${wheel} | sha256sum`)).stdout.slice(0, 64)).toBe(digest);
    const missing = await shell(`wget -qO- ${index}/npm/no-such-package-anywhere`);
    expect(missing.stderr).toContain("404 Not Found");
  });

  it.skipIf(!hasPackages)(
    "install from the catalogue's apt archive, whose signature is checked",
    { timeout: 240_000 },
    async () => {
      const archives = [
        "debian/dists/bookworm",
        "debian/dists/bookworm-updates",
        "debian-security/dists/bookworm-security",
      ];
      const ask = archives.map((path) => `wget -qO- http://$HOST/${path}/InRelease | head -1`).join("; ");
      const [host] = (await packageSettings()).aptHosts;
      expect((await shell(ask, "-e", `HOST=${host}`)).stdout).toBe("-----BEGIN PGP SIGNED MESSAGE-----\n".repeat(3));
      const dockerfile = [
        "FROM debian",
        // One of the three: each signature takes seconds to check here, and debconf's perl ten to do nothing.
        `RUN rm /etc/apt/apt.conf.d/70debconf && echo deb http://${host}/debian bookworm main > /etc/apt/sources.list`,
        "RUN apt-get update && apt-get install -y --no-install-recommends tree",
        // Without the key that the image knows, the same archive is refused.
        "RUN rm -r /etc/apt/trusted.gpg.d/* /var/lib/apt/lists/* && apt-get update -o APT::Update::Error-Mode=any",
      ];
      const { code, stderr } = await docker(["build", "--progress", "plain", "-"], dockerfile.join("\n"));
      expect(stderr).toContain("Setting up tree (");
      expect(stderr).toMatch(/The following signatures couldn't be verified .*NO_PUBKEY/s);
      expect(code).toBe(1);
    },
  );
});

describe("containers of a playground with a network", () => {
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

  it.skipIf(own === undefined)("reach what this machine reaches", async () => {
    const server = createServer((request, response) => {
      let length = 0;
      request.on("data", (data: Buffer) => {
        length += data.length;
      });
      request.on("end", () => response.end(`${request.method} ${length} ${"x".repeat(300_000)}`));
    });
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    const { port } = server.address() as AddressInfo;
    const drydock = await openDrydock({ offline: false });
    const docker = dockerOf(() => drydock);
    try {
      const posted = await docker([
        "run",
        "--rm",
        "busybox",
        "sh",
        "-c",
        `head -c 200000 /dev/zero | tr '\\0' 'y' > /f; wget -qO /answer --post-file /f http://${own}:${port}/; head -c 12 /answer; wc -c < /answer`,
      ]);
      expect(posted.stdout).toBe("POST 200000 300012\n");
      server.close();
      server.closeAllConnections();
      const refused = await docker(["run", "--rm", "busybox", "wget", "-qO-", `http://${own}:${port}/`]);
      expect(refused.stderr).toContain("Connection refused");
    } finally {
      await drydock.close();
      server.close();
    }
  });
});

describe("containers of a playground in a tab", () => {
  let drydock: Drydock;
  const said: string[] = [];
  const docker = dockerOf(() => drydock);
  /** What lets a browser's pages ask it. */
  const open: Readonly<Record<string, string>> = { "https://open.example/a": "hello over TLS" };

  beforeAll(async () => {
    const fetch = async (url: string): Promise<Response> => {
      const text = open[url];
      if (text === undefined) throw new TypeError("Failed to fetch");
      return new Response(text);
    };
    drydock = await openDrydock({
      network: { kind: "page", fetch },
      onMessage: (message) => void said.push(message),
    });
  });
  afterAll(() => drydock.close());

  it("believe the gateway's certificates: at the prompt, in containers, in build steps", {
    timeout: 240_000,
  }, async () => {
    const shell = ["run", "--rm", "-v", "/:/machine", "--privileged", "busybox", "chroot", "/machine"];
    const curl = await docker([...shell, "curl", "-sS", "https://open.example/a"]);
    expect(curl).toMatchObject({ stdout: "hello over TLS", code: 0 });
    // GnuTLS, of another author.
    const apt = "/usr/lib/apt/apt-helper download-file https://open.example/a /tmp/a >&2 && cat /tmp/a";
    expect(await docker(["run", "--name", "apt", "debian", "sh", "-c", apt])).toMatchObject({
      stdout: "hello over TLS",
    });
    // Nothing of it stays in the container.
    expect((await docker(["diff", "apt"])).stdout).not.toContain("ssl");
    const refused = await docker([...shell, "curl", "-sS", "--max-time", "60", "https://closed.example/"]);
    expect(refused.stdout).toContain("closed.example cannot be reached from a browser tab");
    expect(said).toContainEqual(expect.stringContaining("closed.example cannot be reached from a browser tab"));
  });

  it("go on believing beside authorities of an image's own", { timeout: 240_000 }, async () => {
    const own = await Authority.open({
      now: () => new Date(),
      random: (n) => crypto.getRandomValues(new Uint8Array(n)),
    });
    const dockerfile = [
      "FROM debian",
      "COPY <<EOF /usr/local/share/ca-certificates/own.crt",
      own.pem.trimEnd(),
      "EOF",
      // What update-ca-certificates does, in less than its minute.
      "RUN cat /usr/local/share/ca-certificates/own.crt >> /etc/ssl/certs/ca-certificates.crt",
      "RUN echo $(grep -c BEGIN /etc/ssl/certs/ca-certificates.crt) authorities",
      "RUN /usr/lib/apt/apt-helper download-file https://open.example/a /tmp/a && env",
    ].join("\n");
    const built = await docker(["build", "--progress", "plain", "-t", "own", "-"], dockerfile);
    // The world's are still there.
    expect(built.stderr).toMatch(/ \d{3} authorities\n/);
    expect(built.stderr).toMatch(/NODE_EXTRA_CA_CERTS=\/etc\/ssl\/certs\/ca-certificates.crt/);
    expect(built.code).toBe(0);
  });
});
