/**
 * Ten tasks of lessons, each with routes that a stranger might take: three that are right, by the command, by the Engine API as the panels
 * use it, and by curl on the socket; and three that are wrong, with what the task says about each.
 */
import type { ApiTransport } from "../../worker/api/transport.ts";

/** A shell line in the machine, or a request to the engine with an answer that the next one may need. */
export type Act = string | ((api: ApiTransport) => Promise<void>);

export interface Task {
  /** TRACK/LESSON, step and task. */
  readonly lesson: string;
  readonly step: number;
  readonly task: string;
  readonly right: Readonly<Record<"command" | "panels" | "curl", readonly Act[]>>;
  /** By what is seen in the end. */
  readonly wrong: readonly (readonly [seen: string, route: readonly Act[]])[];
}

type Method = "GET" | "POST" | "PUT" | "DELETE";
async function ask(api: ApiTransport, method: Method, path: string, value?: unknown): Promise<unknown> {
  const response = await api.request({
    method,
    path,
    ...(value === undefined ? {} : { body: { kind: "json", value } as const }),
  });
  if (response.status >= 400) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(response.body)}`);
  if (response.body.kind === "stream")
    await new Response(response.body.stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer();
  return response.body.kind === "json" ? response.body.value : undefined;
}
const api =
  (method: Method, path: string, value?: unknown): Act =>
  async (engine) =>
    void (await ask(engine, method, path, value));
/** As the panel's form does it: create, then start. */
const run = (name: string, body: object): readonly Act[] => [
  api("POST", `/containers/create?name=${name}`, body),
  api("POST", `/containers/${name}/start`),
];
const curl = (method: Method, path: string, value?: unknown): string =>
  [
    `curl -sS --fail-with-body -o /dev/null --unix-socket /var/run/docker.sock -X ${method}`,
    ...(value === undefined ? [] : ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(value)}'`]),
    `'http://docker${path}'`,
  ].join(" ");
const curlRun = (name: string, body: object): readonly string[] => [
  curl("POST", `/containers/create?name=${name}`, body),
  curl("POST", `/containers/${name}/start`),
];

const sleep = { Image: "busybox", Cmd: ["sleep", "1000000"] };
const httpd = { Image: "busybox", Cmd: ["httpd", "-f"], ExposedPorts: { "80/tcp": {} } };
const bound = (HostIp: string, HostPort: string) => ({
  ...httpd,
  HostConfig: { PortBindings: { "80/tcp": [{ HostIp, HostPort }] } },
});
const named = (alias: string) => ({
  ...sleep,
  NetworkingConfig: { EndpointsConfig: { shop: { Aliases: [alias] } } },
  HostConfig: { NetworkMode: "shop" },
});
const vault = { ...sleep, HostConfig: { ReadonlyRootfs: true, Tmpfs: { "/scratch": "" } } };
const fresh = "echo Fresh news > /www/index.html";

export const tasks: readonly Task[] = [
  {
    lesson: "first-containers/hello-world",
    step: 1,
    task: "named",
    right: {
      command: ["docker run --name greeting hello-world"],
      panels: run("greeting", { Image: "hello-world" }),
      curl: curlRun("greeting", { Image: "hello-world" }),
    },
    wrong: [
      ["greeting is created.", ["docker create --name greeting hello-world"]],
      ["There is no container named greeting yet.", ["docker run --name hello hello-world"]],
      [
        "greeting was made from busybox, not from hello-world.",
        ["docker pull -q busybox", "docker run --name greeting busybox"],
      ],
    ],
  },
  {
    lesson: "looking-after/ps",
    step: 1,
    task: "blue",
    right: {
      command: ["docker stop -t 0 api cache"],
      panels: [api("POST", "/containers/api/stop?t=0"), api("POST", "/containers/cache/stop?t=0")],
      curl: [curl("POST", "/containers/api/kill"), curl("POST", "/containers/cache/kill")],
    },
    wrong: [
      ["There is still 1 running container.", ["docker stop -t 0 api"]],
      ["There are still 2 running containers.", ["docker stop -t 0 shop"]],
      ["There are still 3 running containers.", ["docker run -d --label team=blue busybox sleep 1000000"]],
    ],
  },
  {
    lesson: "looking-after/exec",
    step: 0,
    task: "page",
    right: {
      command: [`docker exec web sh -c '${fresh}'`],
      panels: [
        async (engine) => {
          const made = (await ask(engine, "POST", "/containers/web/exec", { Cmd: ["sh", "-c", fresh] })) as {
            Id: string;
          };
          await ask(engine, "POST", `/exec/${made.Id}/start`, { Detach: true });
        },
      ],
      curl: [
        `echo Fresh news > index.html && tar -c index.html | curl -sS --fail-with-body --unix-socket /var/run/docker.sock -X PUT --data-binary @- 'http://docker/containers/web/archive?path=/www'`,
      ],
    },
    wrong: [
      [
        'localhost:8080 answers, but "Fresh news" is not in it.',
        ["docker exec web sh -c 'echo fresh > /www/index.html'"],
      ],
      ["Nobody answers at localhost:8080 yet.", ["docker stop -t 0 web"]],
      [
        "web was restarted in this step.",
        [
          "docker kill web",
          "docker start web",
          "until curl -s localhost:8080 | grep -q Old; do sleep 0.1; done",
          `docker exec web sh -c '${fresh}'`,
        ],
      ],
    ],
  },
  {
    lesson: "looking-after/remove",
    step: 0,
    task: "old",
    right: {
      command: ["docker kill old", "docker container rm old"],
      panels: [api("DELETE", "/containers/old?force=1")],
      curl: [curl("POST", "/containers/old/kill"), curl("DELETE", "/containers/old")],
    },
    wrong: [
      ["old is still here (exited).", ["docker stop -t 0 old"]],
      ["old is still here (paused).", ["docker pause old"]],
      ["old is still here (running).", ["docker rm old || true"]],
    ],
  },
  {
    lesson: "images/tags",
    step: 0,
    task: "tagged",
    right: {
      command: ["docker image tag busybox:latest tools:1.0"],
      panels: [api("POST", "/images/busybox/tag?repo=tools&tag=1.0")],
      curl: [curl("POST", "/images/busybox/tag?repo=docker.io/library/tools&tag=1.0")],
    },
    wrong: [
      ["There is no image tools:1.0 yet.", ["docker tag busybox tools"]],
      [
        "tools:1.0 and busybox are two different images.",
        ["docker create --name other busybox", "docker commit other tools:1.0"],
      ],
      ["There is no image tools:1.0 yet.", ["docker rmi busybox", "docker tag busybox tools:1.0 || true"]],
    ],
  },
  {
    lesson: "data/tmpfs",
    step: 0,
    task: "vault",
    right: {
      command: ["docker run -d --name vault --read-only --mount type=tmpfs,target=/scratch busybox sleep 1000000"],
      panels: run("vault", vault),
      curl: curlRun("vault", vault),
    },
    wrong: [
      [
        "The root file system of vault is writable.",
        ["docker run -d --name vault --tmpfs /scratch busybox sleep 1000000"],
      ],
      [
        "At /scratch vault has a mount of type volume.",
        ["docker run -d --name vault --read-only -v /scratch busybox sleep 1000000"],
      ],
      ["vault has nothing mounted.", ["docker run -d --name vault --read-only busybox sleep 1000000"]],
    ],
  },
  {
    lesson: "networks/aliases",
    step: 0,
    task: "first",
    right: {
      command: ["docker run -d --name web-1 busybox sleep 1000000", "docker network connect --alias web shop web-1"],
      panels: run("web-1", named("web")),
      curl: curlRun("web-1", named("web")),
    },
    wrong: [
      ["web-1 is on bridge, not on shop.", ["docker run -d --name web-1 busybox sleep 1000000"]],
      [
        "web-1 is not called web on any of its networks.",
        ["docker run -d --name web-1 --network shop busybox sleep 1000000"],
      ],
      [
        "There is no container named web-1 yet.",
        ["docker run -d --name web1 --network shop --network-alias web busybox sleep 1000000"],
      ],
    ],
  },
  {
    lesson: "networks/ports",
    step: 0,
    task: "local",
    right: {
      command: ["docker create --name private -p 127.0.0.1:8090:80/tcp busybox httpd -f", "docker start private"],
      panels: run("private", bound("127.0.0.1", "8090")),
      curl: curlRun("private", bound("127.0.0.1", "8090")),
    },
    wrong: [
      [
        "private is published on the address 0.0.0.0, not on 127.0.0.1 alone.",
        ["docker run -d --name private -p 0.0.0.0:8090:80 busybox httpd -f"],
      ],
      [
        "private is published on port 8091 of the machine, not 8090.",
        ["docker run -d --name private -p 127.0.0.1:8091:80 busybox httpd -f"],
      ],
      ["private runs, but publishes no port.", ["docker run -d --name private --expose 80 busybox httpd -f"]],
    ],
  },
  {
    lesson: "networks/host-and-none",
    step: 0,
    task: "none",
    right: {
      command: ["docker run -d --net=none --name sealed busybox sleep 1000000"],
      panels: run("sealed", { ...sleep, HostConfig: { NetworkMode: "none" } }),
      curl: curlRun("sealed", { ...sleep, HostConfig: { NetworkMode: "none" } }),
    },
    wrong: [
      [
        "sealed was started with the network bridge, not none.",
        [
          "docker run -d --name sealed --network bridge busybox sleep 1000000",
          "docker network disconnect bridge sealed",
        ],
      ],
      ["sealed is created.", ["docker create --name sealed --network none busybox sleep 1000000"]],
      ["sealed has ended with exit code 0.", ["docker run -d --name sealed --network none busybox true"]],
    ],
  },
  {
    lesson: "first-containers/names-and-settings",
    step: 0,
    task: "city",
    right: {
      command: [
        "printf 'CITY=Delft\\n' > settings",
        "docker run -d --env-file settings --name postbox busybox sleep 1000000",
      ],
      panels: run("postbox", { ...sleep, Env: ["CITY=Delft"] }),
      curl: curlRun("postbox", { ...sleep, Env: ["CITY=Delft"] }),
    },
    wrong: [
      ["postbox has no variable CITY.", ["docker run -d -e city=Delft --name postbox busybox sleep 1000000"]],
      ["In postbox it says CITY=Gouda.", ["docker run -d -e CITY=Gouda --name postbox busybox sleep 1000000"]],
      ["There is no container named postbox yet.", ["docker run -d -e CITY=Delft busybox sleep 1000000"]],
    ],
  },
];
