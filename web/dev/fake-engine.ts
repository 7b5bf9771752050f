/** A small Engine API over canned objects: enough of it for every view of the page. */
import type { ApiRequest, ApiResponse, ApiTransport } from "../../worker/api/transport.ts";

type Json = Record<string, unknown>;
interface FakeContainer {
  id: string;
  name: string;
  image: string;
  state: string;
  started: number;
  ports: readonly { PrivatePort: number; PublicPort?: number; Type: string; IP?: string }[];
  networks: Record<string, string>;
  labels: Record<string, string>;
  log: string[];
  mounts: readonly { Type: string; Name: string; Source: string; Destination: string; RW: boolean }[];
}

const hex = (seed: string): string => {
  let value = 2166136261;
  let out = "";
  for (let round = 0; out.length < 64; round += 1) {
    for (const char of seed + round) value = Math.imul(value ^ char.charCodeAt(0), 16777619) >>> 0;
    out += value.toString(16).padStart(8, "0");
  }
  return out.slice(0, 64);
};
/** As anybody could put them into an image, a label or a log: the page shows them and nothing more. */
const hostileMarkup = `"><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
const hostileLines = [
  "\x1b]0;owned\x07title\n",
  "\x1b]52;c;b3duZWQ=\x07clipboard\n",
  "\x1b]8;;javascript:document.title='owned'\x07link\x1b]8;;\x07\n",
  '\x1bP$q"p\x1b\\\x1b[6n\x1b[>cask\n',
  `${hostileMarkup}\n`,
];
const json = (value: unknown, status = 200): ApiResponse => ({ status, headers: {}, body: { kind: "json", value } });
const none: ApiResponse = { status: 204, headers: {}, body: { kind: "empty" } };
const missing = (message: string): ApiResponse => json({ message }, 404);

/** One frame of Docker's multiplexed log stream. */
function logFrame(stream: 1 | 2, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const frame = new Uint8Array(8 + bytes.length);
  frame[0] = stream;
  new DataView(frame.buffer).setUint32(4, bytes.length);
  frame.set(bytes, 8);
  return frame;
}

export class FakeEngine implements ApiTransport {
  readonly #born = Date.now() / 1000 - 600;
  readonly #listeners = new Set<(event: unknown) => void>();
  containers: FakeContainer[] = [];
  images = [
    ["nginx:latest", 60.2e6],
    ["redis:latest", 32.1e6],
    ["debian:latest", 78.4e6],
    ["python:3", 121.3e6],
    ["counter:latest", 132.5e6],
    ["hello-world:latest", 10_072],
  ] as [string, number][];
  networks = [
    { name: "bridge", driver: "bridge", subnet: "172.17.0.0/16", internal: false },
    { name: "front", driver: "bridge", subnet: "172.18.0.0/16", internal: false },
    { name: "back", driver: "bridge", subnet: "172.19.0.0/16", internal: true },
    { name: "host", driver: "host", subnet: "", internal: false },
    { name: "none", driver: "null", subnet: "", internal: false },
  ];
  volumes = ["db_data"];

  constructor() {
    this.add(
      "web",
      "nginx:latest",
      "running",
      120,
      [{ PrivatePort: 80, PublicPort: 8080, Type: "tcp", IP: "0.0.0.0" }],
      { front: "172.18.0.2" },
    );
    this.add("api", "counter:latest", "running", 200, [{ PrivatePort: 5000, Type: "tcp" }], {
      front: "172.18.0.3",
      back: "172.19.0.2",
    });
    this.add("cache", "redis:latest", "running", 360, [{ PrivatePort: 6379, Type: "tcp" }], { back: "172.19.0.3" });
    this.add("eager_hopper", "debian:latest", "exited", 540, [], { bridge: "" });
    const api = this.find("api");
    if (api !== undefined) {
      api.labels = { "org.example.note": hostileMarkup };
      api.log = hostileLines;
    }
    const cache = this.find("cache");
    if (cache !== undefined)
      cache.mounts = [
        {
          Type: "volume",
          Name: "db_data",
          Source: "/var/lib/docker/volumes/db_data/_data",
          Destination: "/data",
          RW: true,
        },
      ];
  }

  add(
    name: string,
    image: string,
    state: string,
    age: number,
    ports: FakeContainer["ports"],
    networks: Record<string, string>,
    labels: Record<string, string> = {},
  ): FakeContainer {
    const container: FakeContainer = {
      id: hex(name),
      name,
      image,
      state,
      started: Date.now() / 1000 - age,
      ports,
      networks,
      labels,
      // More of one than a page keeps.
      log: Array.from(
        { length: name === "cache" ? 6000 : 40 },
        (_, line) => `172.18.0.1 - - [24/Nov/2026:18:0${line % 10}:12 +0000] "GET /item/${line} HTTP/1.1" 200 615\n`,
      ),
      mounts: [],
    };
    this.containers = [container, ...this.containers];
    return container;
  }

  find(reference: string): FakeContainer | undefined {
    return this.containers.find(({ id, name }) => name === reference || id.startsWith(reference));
  }

  emit(type: string, action: string, id: string, attributes: Record<string, string>): void {
    const event = {
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: "local",
      time: Math.floor(Date.now() / 1000),
    };
    for (const listener of this.#listeners) listener(event);
  }

  act(container: FakeContainer, verb: string): void {
    const states: Record<string, string> = {
      start: "running",
      restart: "running",
      unpause: "running",
      stop: "exited",
      kill: "exited",
      pause: "paused",
    };
    const state = states[verb];
    if (state === undefined) return;
    container.state = state;
    if (state === "running" && verb !== "unpause") container.started = Date.now() / 1000;
    this.emit("container", verb === "stop" || verb === "kill" ? "die" : verb, container.id, {
      name: container.name,
      image: container.image,
      exitCode: "0",
    });
  }

  summary(container: FakeContainer): Json {
    const minutes = Math.max(1, Math.round((Date.now() / 1000 - container.started) / 60));
    const status = {
      running: `Up ${minutes} minutes`,
      paused: `Up ${minutes} minutes (Paused)`,
      exited: `Exited (0) ${minutes} minutes ago`,
    }[container.state];
    return {
      Id: container.id,
      Names: [`/${container.name}`],
      Image: container.image,
      ImageID: `sha256:${hex(container.image)}`,
      Command: "/docker-entrypoint.sh nginx",
      Created: Math.floor(container.started),
      Ports: container.state === "running" ? container.ports : [],
      Labels: container.labels,
      State: container.state,
      Status: status ?? "Created",
      NetworkSettings: {
        Networks: Object.fromEntries(
          Object.entries(container.networks).map(([name, address]) => [
            name,
            {
              IPAddress: container.state === "running" ? address : "",
              NetworkID: hex(`net${name}`),
              Aliases: [container.name],
              DNSNames: [container.name],
            },
          ]),
        ),
      },
      Mounts: container.mounts,
    };
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    const url = new URL(request.path, "http://engine");
    const parts = url.pathname
      .replace(/^\/v1\.\d+/, "")
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent);
    const [group, ...rest] = parts;
    switch (group) {
      case "version":
        return json({ Version: "28.5.1", ApiVersion: "1.51" });
      case "info":
        return json({
          ServerVersion: "28.5.1",
          OperatingSystem: "Drydock (development host)",
          KernelVersion: "6.1.0",
          Architecture: "i686",
          Driver: "overlay2",
          CgroupVersion: "2",
          CgroupDriver: "cgroupfs",
          DockerRootDir: "/var/lib/docker",
          NCPU: 1,
          MemTotal: 512 * 2 ** 20,
          Name: "drydock",
          SecurityOptions: ["name=seccomp,profile=builtin", "name=cgroupns"],
          Warnings: null,
        });
      case "events":
        return this.#events(request.signal);
      case "system":
        return json(this.#usage());
      case "containers":
        return this.#containers(request, url, rest);
      case "images":
        return this.#images(request, url, rest);
      case "networks":
        return this.#networks(request, rest);
      case "volumes":
        return this.#volumes(request, rest);
      default:
        return missing("page not found");
    }
  }

  #events(signal: AbortSignal | undefined): ApiResponse {
    const queue: unknown[] = [];
    let wake: (() => void) | undefined;
    const listener = (event: unknown): void => {
      queue.push(event);
      wake?.();
    };
    this.#listeners.add(listener);
    signal?.addEventListener("abort", () => this.#listeners.delete(listener));
    async function* values(): AsyncGenerator<unknown> {
      for (;;) {
        while (queue.length > 0) yield queue.shift();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    return { status: 200, headers: {}, body: { kind: "jsonLines", values: values() } };
  }

  #usage(): Json {
    return {
      LayersSize: 424e6,
      Images: this.images.map((image) => this.#image(image)),
      Containers: this.containers.map((container) => ({ ...this.summary(container), SizeRw: 4096 * 12 })),
      Volumes: this.volumes.map((name) => this.#volume(name)),
      BuildCache: [{ ID: "a", Size: 11.2e6, InUse: false }],
    };
  }

  #containers(request: ApiRequest, url: URL, [reference = "", verb = ""]: readonly string[]): ApiResponse {
    if (reference === "json") return json(this.containers.map((container) => this.summary(container)));
    if (reference === "prune") {
      this.containers = this.containers.filter(({ state }) => state === "running" || state === "paused");
      this.emit("container", "destroy", "", {});
      return json({ ContainersDeleted: [], SpaceReclaimed: 0 });
    }
    if (reference === "create") {
      const body =
        request.body?.kind === "json"
          ? (request.body.value as {
              Image?: string;
              HostConfig?: { PortBindings?: Record<string, { HostPort?: string }[]> };
            })
          : {};
      const name = url.searchParams.get("name") ?? "brave_lovelace";
      if (this.find(name) !== undefined)
        return json(
          {
            message: `Conflict. The container name "/${name}" is already in use by container "${hex(name)}". You have to remove (or rename) that container to be able to reuse that name.`,
          },
          409,
        );
      const ports = Object.entries(body.HostConfig?.PortBindings ?? {}).map(([key, bindings]) => ({
        PrivatePort: Number.parseInt(key, 10),
        PublicPort: Number(bindings[0]?.HostPort),
        Type: "tcp",
      }));
      const made = this.add(name, body.Image ?? "", "created", 0, ports, { bridge: "172.17.0.9" });
      this.emit("container", "create", made.id, { name });
      return json({ Id: made.id, Warnings: [] }, 201);
    }
    const container = this.find(reference);
    if (container === undefined) return missing(`No such container: ${reference}`);
    if (request.method === "DELETE") {
      if (container.state === "running" && url.searchParams.get("force") === null)
        return json(
          {
            message: `cannot remove container "${container.name}": container is running: stop the container before removing or force remove`,
          },
          409,
        );
      this.containers = this.containers.filter((each) => each !== container);
      this.emit("container", "destroy", container.id, { name: container.name });
      return none;
    }
    switch (verb) {
      case "json":
        return json(this.#inspect(container));
      case "logs":
        return this.#logs(container, url.searchParams, request.signal);
      case "stats":
        return this.#stats(request.signal);
      case "changes":
        return json([
          { Path: "/run", Kind: 0 },
          { Path: "/run/nginx.pid", Kind: 1 },
          { Path: "/var/cache/nginx", Kind: 0 },
          { Path: "/var/cache/nginx/client_temp", Kind: 1 },
          { Path: "/etc/nginx/conf.d/default.conf", Kind: 0 },
          { Path: "/usr/share/nginx/html/50x.html", Kind: 2 },
        ]);
      case "top":
        return json({ Titles: ["PID", "USER", "COMMAND"], Processes: [["412", "root", "nginx: master process"]] });
      case "archive":
        return missing(`Could not find the file ${url.searchParams.get("path")} in container ${reference}`);
      default:
        if (request.method !== "POST") return missing("page not found");
        this.act(container, verb);
        return none;
    }
  }

  #inspect(container: FakeContainer): Json {
    return {
      Id: container.id,
      Created: new Date(container.started * 1000).toISOString(),
      Path: "/docker-entrypoint.sh",
      Args: ["nginx", "-g", "daemon off;"],
      State: {
        Status: container.state,
        Running: container.state === "running",
        Paused: container.state === "paused",
        OOMKilled: false,
        Pid: container.state === "running" ? 412 : 0,
        ExitCode: 0,
      },
      Image: `sha256:${hex(container.image)}`,
      Name: `/${container.name}`,
      RestartCount: 0,
      Config: {
        Hostname: container.id.slice(0, 12),
        Tty: false,
        Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "NGINX_VERSION=1.27.3"],
        Image: container.image,
        Labels: container.labels,
      },
      HostConfig: {
        NetworkMode: "front",
        Memory: 67108864,
        NanoCpus: 500000000,
        PidsLimit: 100,
        PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "8080" }] },
      },
      Mounts: container.mounts,
      NetworkSettings: this.summary(container).NetworkSettings,
    };
  }

  #logs(container: FakeContainer, query: URLSearchParams, signal: AbortSignal | undefined): ApiResponse {
    const lines = container.log.slice(-(Number(query.get("tail")) || container.log.length));
    const follow = query.get("follow") === "1";
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const [index, line] of lines.entries()) controller.enqueue(logFrame(index % 9 === 8 ? 2 : 1, line));
        if (!follow) controller.close();
        else signal?.addEventListener("abort", () => controller.close());
      },
    });
    return {
      status: 200,
      headers: { "content-type": "application/vnd.docker.multiplexed-stream" },
      body: { kind: "stream", stream },
    };
  }

  #stats(signal: AbortSignal | undefined): ApiResponse {
    let total = 0;
    let tick = 0;
    async function* values(): AsyncGenerator<unknown> {
      while (signal?.aborted !== true) {
        const before = { cpu_usage: { total_usage: total }, system_cpu_usage: tick * 1e9, online_cpus: 1 };
        total += 4e6 + 9e6 * Math.abs(Math.sin(tick / 5)) + (tick % 17 === 0 ? 60e6 : 0);
        tick += 1;
        yield {
          read: new Date().toISOString(),
          cpu_stats: { cpu_usage: { total_usage: total }, system_cpu_usage: tick * 1e9, online_cpus: 1 },
          precpu_stats: before,
          memory_stats: { usage: 4.1e6 + 3e5 * Math.sin(tick / 8), limit: 64 * 2 ** 20, stats: { inactive_file: 0 } },
          pids_stats: { current: 2, limit: 100 },
          networks: { eth0: { rx_bytes: 31_200 + tick * 900, tx_bytes: 29_800 + tick * 700 } },
        };
        await new Promise((resolve) => setTimeout(resolve, tick < 30 ? 40 : 1000));
      }
    }
    return { status: 200, headers: {}, body: { kind: "jsonLines", values: values() } };
  }

  #image([tag, size]: [string, number]): Json {
    const id = `sha256:${hex(tag)}`;
    return {
      Id: id,
      ParentId: "",
      RepoTags: [tag],
      RepoDigests: [],
      Created: Math.floor(this.#born) - 864_000,
      Size: size,
      SharedSize: 0,
      Containers: this.containers.filter(({ image }) => image === tag).length,
      Labels: {},
    };
  }

  #images(request: ApiRequest, url: URL, parts: readonly string[]): ApiResponse {
    if (parts[0] === "json") return json(this.images.map((image) => this.#image(image)));
    if (parts[0] === "prune") return json({ ImagesDeleted: null, SpaceReclaimed: 0 });
    if (parts[0] === "load") {
      this.images = [["loaded:latest", 3e6], ...this.images];
      this.emit("image", "load", "loaded", {});
      const values = (async function* () {
        yield { stream: "Loaded image: loaded:latest\n" };
      })();
      return { status: 200, headers: {}, body: { kind: "jsonLines", values } };
    }
    if (parts[0] === "create") return this.#pull(url.searchParams.get("fromImage") ?? "");
    const verb = ["json", "history", "tag", "get"].find((each) => each === parts.at(-1));
    const reference = (verb === undefined ? parts : parts.slice(0, -1)).join("/");
    const image = this.images.find(
      ([tag]) =>
        tag === reference || tag === `${reference}:latest` || hex(tag).startsWith(reference.replace("sha256:", "")),
    );
    if (image === undefined) return missing(`No such image: ${reference}`);
    if (request.method === "DELETE") {
      if (this.containers.some((container) => container.image === image[0]))
        return json(
          {
            message: `conflict: unable to remove repository reference "${image[0]}" (must force) - container is using its referenced image`,
          },
          409,
        );
      this.images = this.images.filter((each) => each !== image);
      this.emit("image", "delete", hex(image[0]), {});
      return json([{ Untagged: image[0] }]);
    }
    if (verb === "history") return json(history(image[0]));
    if (verb === "tag") {
      const { searchParams } = url;
      this.images = [[`${searchParams.get("repo")}:${searchParams.get("tag")}`, image[1]], ...this.images];
      this.emit("image", "tag", hex(image[0]), {});
      return { status: 201, headers: {}, body: { kind: "empty" } };
    }
    return json({
      Id: `sha256:${hex(image[0])}`,
      RepoTags: [image[0]],
      Created: "2026-11-10T09:00:00Z",
      Architecture: "386",
      Os: "linux",
      Size: image[1],
      Config: {
        Env: ["PATH=/usr/bin"],
        Cmd: ["nginx", "-g", "daemon off;"],
        ExposedPorts: { "80/tcp": {} },
        WorkingDir: "/app",
        Labels: { "org.example.note": hostileMarkup },
      },
      RootFS: { Type: "layers", Layers: [1, 2, 3, 4].map((layer) => `sha256:${hex(image[0] + layer)}`) },
    });
  }

  #pull(reference: string): ApiResponse {
    const engine = this;
    async function* values(): AsyncGenerator<unknown> {
      if (reference.startsWith("no-such")) {
        yield { error: `pull access denied for ${reference}, repository does not exist or may require 'docker login'` };
        return;
      }
      yield { status: `Pulling from library/${reference}`, id: "latest" };
      for (const layer of ["a1b2c3d4e5f6", "0f1e2d3c4b5a"])
        for (let current = 0; current <= 10; current += 1) {
          yield {
            id: layer,
            status: current === 10 ? "Pull complete" : "Downloading",
            progressDetail: { current: current * 1e6, total: 1e7 },
          };
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      if (!engine.images.some(([tag]) => tag === `${reference}:latest`))
        engine.images = [[`${reference}:latest`, 20e6], ...engine.images];
      engine.emit("image", "pull", reference, {});
      yield { status: `Status: Downloaded newer image for ${reference}:latest` };
    }
    return { status: 200, headers: {}, body: { kind: "jsonLines", values: values() } };
  }

  #networks(request: ApiRequest, [name, verb]: readonly string[]): ApiResponse {
    const value = (network: (typeof this.networks)[number]): Json => ({
      Id: hex(`net${network.name}`),
      Name: network.name,
      Created: "2026-11-24T18:00:00Z",
      Scope: "local",
      Driver: network.driver,
      Internal: network.internal,
      IPAM: {
        Config:
          network.subnet === "" ? [] : [{ Subnet: network.subnet, Gateway: network.subnet.replace(/0\/16$/, "1") }],
      },
      Labels: {},
    });
    if (name === undefined) return json(this.networks.map(value));
    const body = request.body?.kind === "json" ? (request.body.value as Json) : {};
    if (name === "create") {
      this.networks = [
        ...this.networks,
        {
          name: String(body.Name),
          driver: "bridge",
          subnet: `172.${20 + this.networks.length}.0.0/16`,
          internal: body.Internal === true,
        },
      ];
      this.emit("network", "create", "", { name: String(body.Name) });
      return json({ Id: hex(`net${String(body.Name)}`) }, 201);
    }
    const network = this.networks.find((each) => each.name === name || hex(`net${each.name}`) === name);
    if (network === undefined) return missing(`network ${name} not found`);
    if (request.method === "DELETE") this.networks = this.networks.filter((each) => each !== network);
    const container = this.find(String(body.Container ?? ""));
    if (verb === "connect" && container !== undefined)
      container.networks[network.name] = network.subnet.replace("0.0/16", "0.9");
    if (verb === "disconnect" && container !== undefined) delete container.networks[network.name];
    if (request.method === "GET") return json(value(network));
    this.emit("network", verb ?? "destroy", "", { name: network.name });
    return none;
  }

  #volume(name: string): Json {
    return {
      Name: name,
      Driver: "local",
      Mountpoint: `/var/lib/docker/volumes/${name}/_data`,
      CreatedAt: "2026-11-24T18:00:00Z",
      Labels: {},
      UsageData: { Size: 1.2e6, RefCount: name === "db_data" ? 1 : 0 },
    };
  }

  #volumes(request: ApiRequest, [name]: readonly string[]): ApiResponse {
    if (name === undefined) return json({ Volumes: this.volumes.map((each) => this.#volume(each)), Warnings: null });
    if (name === "prune") {
      const gone = this.volumes.filter((each) => each !== "db_data");
      this.volumes = ["db_data"];
      this.emit("volume", "prune", "", {});
      return json({ VolumesDeleted: gone, SpaceReclaimed: 0 });
    }
    if (name === "create") {
      const made = String((request.body?.kind === "json" ? (request.body.value as Json) : {}).Name);
      this.volumes = [...this.volumes, made];
      this.emit("volume", "create", made, {});
      return json(this.#volume(made), 201);
    }
    if (request.method === "DELETE") {
      if (name === "db_data") return json({ message: `remove ${name}: volume is in use - [${hex("cache")}]` }, 409);
      this.volumes = this.volumes.filter((each) => each !== name);
      this.emit("volume", "destroy", name, {});
      return none;
    }
    return json(this.#volume(name));
  }
}

function history(tag: string): Json[] {
  const created = Math.floor(Date.now() / 1000) - 3600;
  const item = (CreatedBy: string, Size: number, first = false): Json => ({
    Id: first ? `sha256:${hex(tag)}` : "<missing>",
    Created: created,
    CreatedBy,
    Tags: first ? [tag] : null,
    Size,
    Comment: "buildkit.dockerfile.v0",
  });
  return [
    item('CMD ["python" "app.py"]', 0, true),
    item("RUN /bin/sh -c pip install --no-cache-dir -r requirements.txt # buildkit", 11.2e6),
    item("COPY . /app # buildkit", 6100),
    item("WORKDIR /app", 0),
    item("RUN /bin/sh -c apt-get update && apt-get install -y python3 # buildkit", 42.9e6),
    item("ADD rootfs.tar / # buildkit", 78.4e6),
  ];
}
