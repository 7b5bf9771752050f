import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imageOf, imageRecipe, imagesOf, linesOf, readRecipe } from "./index.ts";
import { readStack } from "./stack.ts";
import { joinWords, splitWords } from "./words.ts";

const stack = `
name: shop
services:
  web:
    image: nginx:\${TAG:-latest}
    depends_on: [db]
    ports: ["8080:80", { target: 443, published: 8443, host_ip: 127.0.0.1 }]
    environment: { GREETING: "it's 5 o'clock", EMPTY: }
    volumes: [./html:/usr/share/nginx/html:ro, "cache:/var/cache/nginx"]
    networks: { front: { aliases: [www] }, back: }
    deploy: { replicas: 2 }
    command: nginx -g "daemon off;"
  db:
    image: busybox
    restart: unless-stopped
    healthcheck: { test: ["CMD-SHELL", "test -e /tmp/up"], interval: 5s }
    networks: [back]
  admin:
    build: ./admin
  extra:
    image: busybox
    profiles: [debug]
networks: { front: , back: { name: shared } }
volumes: { cache: }
secrets: { key: { file: ./key } }
`;

describe("a Compose file as docker lines", () => {
  const read = readStack(stack);
  if (!read.ok) throw new Error(read.message);

  it("starts each service that needs nothing but an image, after those it depends on", () => {
    expect(read.recipe.steps).toEqual([
      "docker network create shared",
      "docker network create shop_front",
      "docker run -d --name shop-db-1 --network shared --network-alias db --restart unless-stopped --health-cmd 'test -e /tmp/up' --health-interval 5s busybox",
      `docker run -d --name shop-web-1 --network shop_front --network-alias web --network-alias www -e 'GREETING=it'\\''s 5 o'\\''clock' -p 8080:80 -p 127.0.0.1:8443:443 -v shop_cache:/var/cache/nginx nginx:latest nginx -g 'daemon off;'`,
      "docker network connect --alias web shared shop-web-1",
    ]);
  });

  it("tells what it leaves out, each with its reason", () => {
    expect(read.skipped).toEqual([
      "secrets: is left out.",
      'web: "deploy" is left out.',
      "web: the variable EMPTY has no value here.",
      "web: ./html is a folder of its author's disk: nothing is mounted at /usr/share/nginx/html.",
      "admin: is built from files that are not here.",
      "extra: belongs to a profile, and starts only when that is asked for.",
    ]);
  });

  it("keeps the file itself, to look at", () => {
    expect(read.recipe.files).toEqual([{ path: "compose.yaml", text: stack }]);
  });

  it.each([
    ["no YAML", "services: [", "not YAML"],
    ["something else", "hello: world", "no services"],
    ["only what must be built", "services: { web: { build: . } }", "No service of this file can be started here"],
    [
      "a bomb of aliases",
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
        .split("")
        .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${"abcdefg"[index]}`).join(",")}]`)
        .join("\n")}\nservices: { w: { image: x } }`,
      "cannot be read",
    ],
    [
      "a crowd",
      `services: {${Array.from({ length: 1000 }, (_, at) => `s${at}: {image: x}`).join(",")}}`,
      "1000 services",
    ],
  ])("refuses %s", (_, text, message) => {
    expect(readStack(text)).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  });

  it("lets no value become a second command", () => {
    const hostile = readStack(
      JSON.stringify({
        services: {
          a: { image: "busybox; rm -rf ~", command: ["$(reboot)", "`id`"], environment: { X: "'; reboot; '" } },
          b: { image: "busybox", command: "echo\nreboot", hostname: "a\nreboot" },
          c: { image: "busybox", labels: { x: "a\u001b[2Jb" } },
        },
      }),
    );
    if (!hostile.ok) throw new Error(hostile.message);
    const line = hostile.recipe.steps.find((each) => each.includes("reboot")) ?? "";
    expect(splitWords(line)).toContain("busybox; rm -rf ~");
    expect(splitWords(line)).toContain("$(reboot)");
    expect(line).toContain("'$(reboot)'");
    expect(hostile.skipped).toContainEqual(expect.stringContaining("b: has a value that no line can hold"));
    expect(hostile.skipped).toContainEqual(expect.stringContaining("c: has a value that no line can hold"));
  });
});

describe("what a Compose file says of networks, volumes and dependencies", () => {
  const read = readStack(`
name: shop
services:
  db:
    image: postgres:16
    container_name: ledger
    networks: { back: { ipv4_address: 10.9.0.5, mac_address: "02:42:0a:09:00:05" } }
    volumes: [rows:/rows, "old:/old:ro", { type: volume, source: notes, target: /notes }]
    healthcheck: { test: [CMD, pg_isready, -U, "the shop"], start_interval: 1s }
  migrate:
    image: postgres:16
    depends_on: { db: { condition: service_healthy } }
    networks: [back]
  web:
    image: nginx
    depends_on: { migrate: { condition: service_completed_successfully } }
    networks: { front: , back: { aliases: [www] } }
    stop_grace_period: 1m30s
    ulimits: { nproc: 50, nofile: { soft: 20, hard: 40 } }
    logging: { driver: json-file, options: { max-size: 10m } }
    platform: linux/386
    mem_reservation: 16m
    devices: [/dev/null:/dev/nothing]
  probe:
    image: busybox
    network_mode: service:web
    pid: service:db
networks:
  front: { internal: true }
  back: { driver: bridge, ipam: { config: [{ subnet: 10.9.0.0/24, gateway: 10.9.0.1 }] }, labels: [team=blue] }
volumes:
  rows: { name: all-rows, driver_opts: { type: tmpfs, device: tmpfs } }
  old: { external: true }
  notes:
`);
  if (!read.ok) throw new Error(read.message);

  it("stands in the lines", () => {
    expect(read.recipe.steps).toEqual([
      "docker network create --driver bridge --subnet 10.9.0.0/24 --gateway 10.9.0.1 --label team=blue shop_back",
      "docker network create --internal shop_front",
      "docker volume create --opt type=tmpfs --opt device=tmpfs all-rows",
      `docker run -d --name ledger --network shop_back --network-alias db --ip 10.9.0.5 -v all-rows:/rows -v old:/old:ro -v shop_notes:/notes --health-cmd 'pg_isready -U '\\''the shop'\\''' --health-start-interval 1s postgres:16`,
      "docker run -d --name shop-migrate-1 --network shop_back --network-alias migrate postgres:16",
      "docker wait shop-migrate-1",
      "docker run -d --name shop-web-1 --network shop_front --network-alias web --platform linux/386 --device /dev/null:/dev/nothing --ulimit nproc=50 --ulimit nofile=20:40 --memory-reservation 16m --stop-timeout 90 --log-driver json-file --log-opt max-size=10m nginx",
      "docker network connect --alias web --alias www shop_back shop-web-1",
      "docker run -d --name shop-probe-1 --network container:shop-web-1 --pid container:ledger busybox",
    ]);
    expect(imagesOf(read.recipe)).toEqual(["postgres:16", "nginx", "busybox"]);
  });

  it("is told where no line can say it", () => {
    expect(read.skipped).toEqual([
      'db: "mac_address" of the network back is left out.',
      "migrate: does not wait until db is healthy.",
    ]);
  });
});

describe("one image as a playground", () => {
  it("is one line, with its command", () => {
    expect(imageRecipe("alpine:3.20", `sh -c "echo 'a b'"`)).toMatchObject({
      ok: true,
      recipe: { steps: [`docker run -it --rm alpine:3.20 sh -c 'echo '\\''a b'\\'''`] },
    });
    expect(imageRecipe("alpine", "echo $(id); reboot")).toMatchObject({
      ok: true,
      recipe: { steps: ["docker run -it --rm alpine echo '$(id);' reboot"] },
    });
  });
  it.each(["", "-v/:/host", "a b", "javascript:alert(1)//\n", "x\u0000"])("refuses the image %j", (ref) => {
    expect(imageRecipe(ref, undefined).ok).toBe(false);
  });
  it("refuses an open quote", () => {
    expect(imageRecipe("alpine", "echo 'a").ok).toBe(false);
  });
});

describe("what a recipe fetches", () => {
  it.each([
    ["docker run -d -p 8080:80 --name web nginx:1.27 -g x", "nginx:1.27"],
    ["docker run -it --rm debian bash", "debian"],
    ["docker run -itv data:/data -p8080:80 --env=A=b busybox", "busybox"],
    ["docker run --read-only --tmpfs /run nginx", "nginx"],
    ["docker container create --init -- nginx", "nginx"],
    ["docker image pull -q alpine", "alpine"],
    ["docker ps -a", undefined],
    ["docker run 'open", undefined],
  ])("sees the image of %j", (line, image) => {
    expect(imageOf(line)).toBe(image);
  });

  it("fetches pinned images by their digest first, and names them", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const read = readRecipe(
      JSON.stringify({
        v: 1,
        images: [{ ref: "nginx:1.27", digest }, { ref: "busybox" }],
        steps: ["docker run busybox"],
      }),
    );
    if (!read.ok) throw new Error(read.message);
    expect(linesOf(read.recipe)).toEqual([
      `docker pull nginx@${digest}`,
      `docker tag nginx@${digest} nginx:1.27`,
      "docker pull busybox",
      "docker run busybox",
    ]);
    expect(imagesOf(read.recipe)).toEqual(["nginx:1.27", "busybox"]);
  });
});

it("words go into a line and come back as they were", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 })), (words) => {
      expect(splitWords(joinWords(words))).toEqual(words);
    }),
  );
});
