import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { tarBytes } from "../../io/small-tar.ts";
import { CliError } from "../../session/errors.ts";
import { json, lines, run, type Script } from "../../testing/scripted.ts";
import { registerBuildCommands } from "../register.ts";
import { HclError } from "./hcl/ast.ts";
import { evaluate, type Value } from "./hcl/evaluate.ts";
import { parseHcl } from "./hcl/parser.ts";
import { readBakeFiles } from "./hcl-file.ts";

beforeAll(registerBuildCommands);

const dollar = (text: string): string => text.replaceAll("@{", `${"$"}{`);
const hcl = dollar(`variable "TAG" {
  default = "latest"
}
variable "LIST" { default = ["a", "b"] }
variable "N" {
  default     = 3
  description = "a number"
}
function "inc" {
  params = [n]
  result = n + 1
}
group "default" { targets = ["web", "api"] }
target "base" {
  args   = { V = "@{TAG}-@{inc(N)}" }
  labels = { "x.y" = upper("abc") }
}
target "web" {
  inherits  = ["base"]
  target    = "web"
  tags      = ["web:@{TAG}", "web:2"]
  platforms = ["linux/386"]
}
target "api" {
  inherits    = ["base"]
  description = "the api"
  tags        = [for t in LIST : "api:@{t}"]
  output      = ["type=docker"]
  no-cache    = true
  args        = { W = TAG == "latest" ? "yes" : "no" }
}
target "m" {
  name   = "m-@{v}"
  matrix = { v = ["1", "2"] }
  args   = { V = v, B = target.base.args.V }
}
`);
const compose = dollar(`services:
  web:
    image: me/web
    build:
      context: ./app
      target: web
      args: { V: "@{X:-9}" }
      x-bake: { tags: [a, b] }
  db: { image: busybox }
`);

const bake = (line: string, files: Readonly<Record<string, string>>, env = {}, script: Script = () => undefined) =>
  run(["buildx", "bake", ...line.split(" ")], script, {
    files: Object.fromEntries(Object.entries(files).map(([name, text]) => [`/project/${name}`, text])),
    env,
  });
const print = async (line: string, files: Readonly<Record<string, string>>, env = {}) =>
  JSON.parse((await bake(`--print ${line}`.trim(), files, env)).stdout);

describe("docker buildx bake", () => {
  it("reads HCL with variables, functions, inheritance, matrices and references", async () => {
    const files = { "docker-bake.hcl": hcl };
    const api = {
      description: "the api",
      context: ".",
      dockerfile: "Dockerfile",
      args: { V: "latest-4", W: "yes" },
      labels: { "x.y": "ABC" },
      tags: ["api:a", "api:b"],
      output: [{ type: "docker" }],
      "no-cache": true,
    };
    const all = await print("", files);
    expect(all.group).toEqual({ default: { targets: ["api", "web"] } });
    expect(all.target.api).toEqual(api);
    expect(Object.keys(all.target.api)).toEqual(Object.keys(api));
    expect((await print("web", files, { TAG: "v9", N: "7" })).target.web).toMatchObject({
      args: { V: "v9-8" },
      tags: ["web:v9", "web:2"],
    });
    expect(await print("m", files)).toMatchObject({
      group: { default: { targets: ["m"] }, m: { targets: ["m-1", "m-2"] } },
      target: { "m-1": { args: { B: "latest-4", V: "1" } } },
    });
    const set = await print("--set *.args.Q=1 --set web.tags=x --set web.tags=y --push --no-cache w*", files);
    expect(set.target.web).toMatchObject({
      args: { Q: "1", V: "latest-4" },
      tags: ["x", "y"],
      output: [{ push: "true", type: "image" }],
      "no-cache": true,
    });
  });

  it("reads JSON and Compose files, and several as one", async () => {
    const files = {
      "docker-compose.yml": compose,
      "docker-bake.json": JSON.stringify({ target: { web: { tags: [dollar("j:@{BAKE_LOCAL_PLATFORM}")] } } }),
    };
    expect(await print("-f docker-compose.yml", files, { X: "5" })).toEqual({
      group: { default: { targets: ["web"] } },
      target: {
        web: { context: "./app", dockerfile: "Dockerfile", args: { V: "5" }, tags: ["a", "b"], target: "web" },
      },
    });
    expect((await print("", files)).target.web).toMatchObject({ tags: ["j:linux/386"], target: "web" });
  });

  it("lists, and says what is wrong and where", async () => {
    const files = { "docker-bake.hcl": hcl };
    expect((await bake("--list targets", files)).stdout).toBe(
      "TARGET\tDESCRIPTION\napi\tthe api\nbase\t\ndefault\tapi, web\nm\tm-1, m-2\nm-1\t\nm-2\t\nweb\t\n",
    );
    expect((await bake("--list variables", files)).stdout).toContain("N\t\t3\ta number\n");
    expect((await bake("--print nope", files)).stderr).toContain("ERROR: failed to find target nope\n");
    expect((await bake("--print", {})).stderr).toContain("ERROR: couldn't find a bake definition\n");
    const wrong = { "docker-bake.hcl": 'target "default" {\n  tags = nope\n}\n' };
    expect((await bake("--print", wrong)).stderr).toContain(
      'docker-bake.hcl:2\n--------------------\n   1 |     target "default" {\n   2 | >>>   tags = nope\n',
    );
    const cycle = { "docker-bake.hcl": 'a = b\nb = a\ntarget "default" {\n  tags = [a]\n}\n' };
    expect((await bake("--print", cycle)).stderr).toContain("variable cycle not allowed");
  });

  it("builds the targets, one after another where one is another's context", async () => {
    const requests: Record<string, unknown>[] = [];
    const script: Script = (request) => {
      if (request.route === "POST /drydock/builds") {
        requests.push((request.body as { value: Record<string, unknown> }).value);
        return json({ Id: String(requests.length) }, 201);
      }
      if (request.route.endsWith("/run"))
        return lines({
          result: { ref: "r", names: [], warnings: [], steps: [], materials: [], image: `sha256:${requests.length}` },
        });
      return undefined;
    };
    const files = {
      "docker-bake.hcl":
        'target "default" {\n  contexts = { first = "target:one" }\n  tags = ["t"]\n}\ntarget "one" {\n  dockerfile-inline = "FROM scratch"\n}\n',
      Dockerfile: "FROM first\n",
    };
    const { code, stderr } = await bake("--progress plain", files, {}, script);
    expect(stderr).toContain("[internal] load local bake definitions");
    expect(code).toBe(0);
    expect(requests).toMatchObject([
      { dockerfile: "FROM scratch" },
      { dockerfile: "FROM first\n", tags: ["t"], contexts: { first: { image: "sha256:1" } } },
    ]);
  });

  it("reads the files of a repository, whose folders are the contexts of what they define", async () => {
    const address = "https://example.invalid/r.git#main";
    const requests: Record<string, unknown>[] = [];
    const text =
      'target "default" {\n  contexts = { more = "lib", here = "cwd://x" }\n}\ntarget "api" {\n  context = "./api/"\n  dockerfile = "Other"\n}\n';
    const script: Script = (request) => {
      if (request.route === "POST /drydock/builds") {
        requests.push((request.body as { value: Record<string, unknown> }).value);
        return json({ Id: "1" }, 201);
      }
      if (request.route.endsWith("/run"))
        return lines({ result: { ref: "r", names: [], warnings: [], steps: [], materials: [] } });
      if (request.route.endsWith("/files"))
        return {
          status: 200,
          headers: {},
          body: {
            kind: "stream",
            stream: new Blob([
              tarBytes([{ path: "docker-bake.hcl", data: new TextEncoder().encode(text) }]),
            ] as BlobPart[]).stream(),
          },
        };
      return undefined;
    };
    const { stderr, code } = await bake(`--progress plain ${address} default api`, { "x/f": "" }, {}, script);
    expect(stderr).toContain("[internal] load remote bake definitions");
    expect(code).toBe(0);
    const [definitions, ...builds] = requests;
    expect(definitions).toMatchObject({ remote: address, outputs: ["files"] });
    expect(definitions?.dockerfile).toContain('"docker-bake.hc[l]"');
    // Side by side: whichever is asked for first.
    const byContext = Object.fromEntries(builds.map((build) => [String(build.remote), build]));
    expect(byContext).toMatchObject({
      [address]: {
        contexts: { more: { remote: "https://example.invalid/r.git#main:lib" }, here: { prefix: "contexts/0/" } },
      },
      [`${address}:api`]: { dockerfileName: "Other" },
    });
    expect((await bake(`${address} -f nope.hcl`, {}, {}, script)).stderr).toContain("open nope.hcl: no such file");
  });

  it("ends on any text", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(
              "target",
              "variable",
              '"a"',
              "{",
              "}",
              "[",
              "]",
              "(",
              ")",
              "=",
              "?",
              ":",
              "for",
              "in",
              "x",
              "\n",
              ",",
              "<<E\n",
              "E\n",
              ".",
              "*",
              "...",
              "!",
              "-",
              "1",
              dollar("@{"),
            ),
            fc.string({ maxLength: 5 }),
          ),
          { maxLength: 30 },
        ),
        (words) => {
          try {
            readBakeFiles([{ name: "docker-bake.hcl", text: words.join(" ") }], {});
          } catch (error) {
            if (!(error instanceof CliError)) throw error;
          }
        },
      ),
      { numRuns: 2000 },
    );
    expect(() => parseHcl(`a = ${"(".repeat(10_000)}`)).toThrow(HclError);
  });
});

describe("HCL expressions", () => {
  const value = (text: string): Value => {
    const attribute = parseHcl(`v = ${text}\n`).attributes.get("v");
    if (attribute === undefined) throw new Error("no value");
    return evaluate(attribute.value, {
      variable: (name) => (name === "x" ? { a: [1, 2] } : undefined),
      call: () => undefined,
    });
  };
  it.each<[string, Value]>([
    ["1 + 2 * 3 - 4 / 2", 5],
    ["!(1 < 2) || true && 3 % 2 == 1", true],
    ["x.a[1]", 2],
    ["[for i, v in x.a : i * v if v > 1]", [2]],
    ['{for v in x.a : "k" => v...}', { k: [1, 2] }],
    ['x["a"][0] > 0 ? "y" : "n"', "y"],
    ['"a\\tb\\u0041$${x}"', dollar("a\tbA@{x}")],
    ['"v%{ if 1 < 2 }1%{ else }2%{ endif }.0"', "v1.0"],
    ['"%{ if false }x%{ endif }"', ""],
    ['"%{ for i, x in ["a", "b"] }@{i}=@{upper(x)};%{ endfor }"'.replaceAll("@{", "${"), "0=A;1=B;"],
    ['"%%{ if } %{ if true }%{ for x in [] }@{x}%{ endfor }in %{~ endif }"'.replaceAll("@{", "${"), "%{ if } in"],
    ["<<END\na\n  %{~ if true ~}\nb\n%{ endif ~}\nc\nEND\n", "a\nb\nc\n"],
    ["<<-E\n    one\n      two\n  E\n", "one\n  two\n"],
    ['join(",", concat(["a"], split("-", "b-c")))', "a,b,c"],
    ['regex_replace("v1.2", "v(\\\\d+)", "@{1}")'.replace("@", "$$"), "1.2"],
    ['format("%s-%03d-%v", "a", 7, [1])', "a-007-[1]"],
    ["try(nope, length([1, 2]))", 2],
    ["can(nope)", false],
    ['sha256("")', "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ['jsondecode("[1]")[0]', 1],
    ['lookup({a = 1}, "b", 9)', 9],
    ["max([1, 5, 3]...)", 5],
    ["# comment\n 1", 1],
  ])("%s", (text, expected) => {
    expect(value(text.startsWith("#") ? "1 # comment" : text)).toEqual(expected);
  });
});
