/** The engine as clients and archives meet it: a socket, many commands at once, a large image that is loaded. */
import { execFileSync } from "node:child_process";
import { createHash, randomFillSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveConnection } from "../../worker/api/http-server.ts";
import { socketDuplex } from "../../worker/api/node-socket.node.ts";
import { capture } from "../../worker/cli/capture.ts";
import { nodeFiles } from "../../worker/cli/main.node.ts";
import type { Drydock } from "../../worker/node.ts";
import type { Sample } from "./result.ts";

export const engineNames = ["ps_socket", "runs_20_at_once", "image_load_50m", "tar_x_50m"] as const;

interface Measure {
  readonly sample: (name: string, values: readonly number[], floor?: string, unit?: Sample["unit"]) => Sample;
  readonly timed: (times: number, work: () => Promise<unknown>, between?: () => Promise<unknown>) => Promise<number[]>;
}

export async function benchEngine(drydock: Drydock, measure: Measure): Promise<readonly Sample[]> {
  const folder = mkdtempSync(join(tmpdir(), "drydock-bench-"));
  try {
    const docker = async (...args: readonly string[]): Promise<void> => {
      const options = { files: nodeFiles, cwd: folder };
      const { code, stderr } = await capture((invocation) => drydock.docker(invocation), args, options);
      if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}: ${stderr}`);
    };
    await docker("pull", "-q", "busybox");
    return [
      await psOverSocket(drydock, join(folder, "docker.sock"), measure),
      await manyRuns(docker, measure),
      ...(await largeLoad(docker, folder, measure)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Docker = (...args: readonly string[]) => Promise<void>;

/** `docker ps`'s request on one connection that stays open. */
async function psOverSocket({ api }: Drydock, path: string, { sample, timed }: Measure): Promise<Sample> {
  const server = createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socketDuplex(socket), api));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const request = http.get({ socketPath: path, path: "/v1.51/containers/json", agent }, (answer) => {
        answer.resume().on("end", resolve);
      });
      request.on("error", reject);
    });
  await timed(20, ask);
  const values = await timed(40, ask);
  agent.destroy();
  server.close();
  return sample("ps_socket", values);
}

/** Twenty `docker run --rm` at once, against twenty times one of them. */
async function manyRuns(docker: Docker, { sample, timed }: Measure): Promise<Sample> {
  const run = (): Promise<void> => docker("run", "--rm", "busybox", "echo", "hi");
  await timed(20, run);
  const ratios: number[] = [];
  for (let i = 0; i < 3; i++) {
    const alone = (await timed(20, run)).reduce((sum, value) => sum + value, 0);
    const [together = 0] = await timed(1, () => Promise.all(Array.from({ length: 20 }, run)));
    ratios.push(together / alone);
  }
  return sample("runs_20_at_once", ratios, undefined, "ratio");
}

/** `docker load` of one layer with 50 MB in 2,300 files, against `tar x` of the layer on the host. */
async function largeLoad(docker: Docker, folder: string, { sample, timed }: Measure): Promise<readonly Sample[]> {
  const layer = layerArchive(folder);
  const image = imageArchive(folder, layer);
  const target = join(folder, "unpacked");
  const unpack = async (): Promise<void> => {
    mkdirSync(target);
    execFileSync("tar", ["xf", layer, "-C", target]);
  };
  const remove = async (): Promise<void> => rmSync(target, { recursive: true, force: true });
  const load = (): Promise<void> => docker("load", "-q", "-i", image);
  const forget = (): Promise<void> => docker("rmi", "bench/large:1");
  await timed(1, unpack, remove);
  await timed(1, load, forget);
  return [
    sample("tar_x_50m", await timed(5, unpack, remove)),
    sample("image_load_50m", await timed(5, load, forget), "tar_x_50m"),
  ];
}

const files = 2300;
const fileSize = Math.floor((50 << 20) / files);

function layerArchive(folder: string): string {
  const content = join(folder, "content");
  for (let i = 0; i < files; i++) {
    const directory = join(content, `d${i % 100}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `f${i}`), randomFillSync(Buffer.alloc(fileSize)));
  }
  const archive = join(folder, "layer.tar");
  execFileSync("tar", ["cf", archive, "-C", content, "."]);
  rmSync(content, { recursive: true });
  return archive;
}

/** As `docker save` writes it. */
function imageArchive(folder: string, layer: string): string {
  const diffId = `sha256:${createHash("sha256").update(readFileSync(layer)).digest("hex")}`;
  const config = { architecture: "386", os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [diffId] } };
  const manifest = [{ Config: "config.json", RepoTags: ["bench/large:1"], Layers: ["layer.tar"] }];
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  const archive = join(folder, "image.tar");
  execFileSync("tar", ["cf", archive, "-C", folder, "manifest.json", "config.json", "layer.tar"]);
  return archive;
}
