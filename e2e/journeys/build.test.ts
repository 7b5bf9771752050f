/** The introduction's own examples in a tab: a Python web application that answers, and a compiled program in two stages. */
import { existsSync } from "node:fs";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { buildPath } from "../../worker/node-platform.node.ts";
import { serveBuiltSite } from "./site.ts";
import { profileOn, runLine, screen } from "./stage.ts";

const stage = profileOn(serveBuiltSite);
let page: Page;
beforeAll(async () => {
  page = await stage.page();
  await page.goto(`${stage.appUrl}#/containers`);
});

const run = (line: string): Promise<string> => runLine(page, line, 400_000);

const write = (path: string, lines: readonly string[]): string =>
  `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} > ${path}`;

describe.sequential("docker build in the tab", () => {
  it("builds the Python web application, which answers curl and the preview", { timeout: 600_000 }, async () => {
    const files = [
      "mkdir app",
      write("app/Dockerfile", [
        "FROM python",
        "WORKDIR /app",
        "COPY . /app",
        "RUN pip install -r requirements.txt",
        "EXPOSE 80",
        "ENV NAME World",
        'CMD ["python", "app.py"]',
      ]),
      write("app/requirements.txt", ["Flask"]),
      write("app/app.py", [
        "import os",
        "from flask import Flask",
        "app = Flask(__name__)",
        '@app.route("/")',
        "def hello():",
        '    return "<h1>Hello {}!</h1>".format(os.getenv("NAME", "nobody"))',
        'app.run(host="0.0.0.0", port=80)',
      ]),
    ];
    await expect.poll(() => screen(page), { timeout: 60_000, interval: 500 }).toContain("learner@drydock:~/site$");
    expect(await run(files.join(" && "))).toContain("with 0");
    expect(await run("docker build -t my-app:1.0 app")).toMatch(
      /naming to docker\.io\/library\/my-app:1\.0[\s\S]*with 0/,
    );
    expect(await run("docker run -d --name app -p 8080:80 my-app:1.0")).toMatch(/[0-9a-f]{64}[\s\S]*with 0/);
    const asked = await run(
      "curl -s --retry 60 --retry-connrefused --retry-delay 1 --retry-max-time 120 localhost:8080",
    );
    expect(asked).toContain("Hello World!");
    await page.getByRole("button", { name: /^8080/ }).click();
    const container = page.frameLocator('iframe[title="Preview of port 8080"]').frameLocator("iframe");
    await container.getByRole("heading", { name: "Hello World!" }).waitFor();
    await page.getByRole("button", { name: "Close the preview" }).click();
    // A changed source file: cached up to COPY.
    expect(await run("docker build -q -t my-app:1.0 app && docker rm -f app")).toMatch(/sha256:[0-9a-f]{64}\s+app\s/);
  });

  it("speaks TLS with programs that insist on it, whose certificates the machine believes", async () => {
    await expect.poll(() => screen(page), { timeout: 60_000, interval: 500 }).toContain("learner@drydock:~/site$");
    // The gateway itself: nothing outside is needed to show it.
    expect(await run("curl -sS https://packages.drydock.internal/")).toContain("package indexes: /pip/simple/ for pip");
  });

  // The compilers' images take a minute to build, and are made by `npm run build`, not for each test.
  const programs = [
    {
      language: "Go",
      compiler: "golang",
      source: ["hello.go", ["package main", 'import "fmt"', "func main() {", '  fmt.Println("Hello from Go")', "}"]],
      command: "go build -o /hello hello.go",
      base: "scratch",
    },
    {
      language: "C",
      compiler: "gcc",
      source: ["hello.c", ["#include <stdio.h>", "int main(void) {", '  puts("Hello from C");', "}"]],
      command: "gcc -O2 -static -o /hello hello.c",
      base: "busybox",
    },
  ] as const;
  for (const { language, compiler, source, command, base } of programs)
    it.skipIf(!existsSync(buildPath(`catalogue/v2/library/${compiler}`)))(
      `builds a program in ${language} in two stages, its image a tenth of the builder's`,
      {
        timeout: 600_000,
      },
      async () => {
        const [file, lines] = source;
        const files = [
          `mkdir ${compiler}`,
          write(`${compiler}/${file}`, lines),
          write(`${compiler}/Dockerfile`, [
            `FROM ${compiler} AS builder`,
            "WORKDIR /src",
            `COPY ${file} .`,
            `RUN ${command}`,
            `FROM ${base}`,
            "COPY --from=builder /hello /hello",
            'CMD ["/hello"]',
          ]),
        ];
        expect(await run(files.join(" && "))).toContain("with 0");
        const built = await run(
          `docker build -q -t two ${compiler} && docker build -q --target builder -t builder ${compiler} && docker run --rm two`,
        );
        expect(built).toContain(`Hello from ${language}`);
        const sizes = await run(`docker image inspect -f "size {{.Size}}." two builder`);
        const [small = 0, large = 0] = [...sizes.matchAll(/size (\d+)\./g)].map(([, size]) => Number(size));
        expect(small).toBeGreaterThan(0);
        expect(small).toBeLessThan(large / 10);
      },
    );
});
