/** Dockerfiles: a build ends with a result or with a message that knows its place; on the machine it runs, too. */
import * as fc from "fast-check";
import { PatternMatcher, readIgnoreFile } from "../../worker/engine/build/dockerfile/index.ts";
import type { BuildMessage, BuildRequest } from "../../worker/engine/build/model.ts";
import { buildRig } from "../../worker/engine/build/testing/rig.ts";
import { streamOfBytes } from "../../worker/engine/bytes.ts";
import { EngineError } from "../../worker/engine/errors.ts";
import { tarOf, textFile } from "../../worker/engine/testing/image-archives.ts";
import { dockerfiles, ignoreFiles, runnableDockerfiles } from "./inputs/dockerfiles.ts";
import { property } from "./property.ts";
import { must, mustSpeak } from "./words.ts";

const files = [textFile("a", "A"), textFile("d/f", "F"), textFile("archive.tar", "no archive")];
const calls = ["build", "build", "check", "outline", "targets"] as const;

function mustEnd(messages: readonly BuildMessage[], dockerfile: string): void {
  const ends = messages.filter((message) => "result" in message || "failure" in message);
  must(ends.length === 1, `${ends.length} ends`);
  for (const message of messages) {
    if (!("failure" in message)) continue;
    must(message.failure.message !== "", "fails without a message");
    mustSpeak(JSON.stringify(message.failure.message), dockerfile);
  }
}

const rig = buildRig();

/** Without a machine: parsed, checked, planned and built in memory as far as nothing must run. */
const language = property<{ readonly dockerfile: string; readonly call: (typeof calls)[number] }, undefined>({
  name: "dockerfiles",
  inputs: fc.record({ dockerfile: dockerfiles, call: fc.constantFrom(...calls) }),
  async holds({ dockerfile, call }) {
    const { builds } = await rig;
    const request: BuildRequest = { dockerfile, dockerfileName: "Dockerfile", call };
    const messages: BuildMessage[] = [];
    const context = streamOfBytes(await tarOf(files));
    for await (const message of builds.build(request, context, new AbortController().signal)) messages.push(message);
    mustEnd(messages, dockerfile);
  },
});

const patterns = property<{ readonly text: string; readonly path: string }, undefined>({
  name: "ignore-files",
  inputs: fc.record({ text: ignoreFiles, path: fc.constantFrom("a", "d/f", "d", "x/y/z", "é", "") }),
  holds({ text, path }) {
    try {
      new PatternMatcher(readIgnoreFile(text)).matches(path);
    } catch (error) {
      must(error instanceof EngineError || (error as Error).name !== "TypeError", String(error));
      mustSpeak((error as Error).message, text);
    }
  },
});

/** Through the whole builder, processes included. */
export const buildsProperty = property({
  name: "builds",
  inputs: fc.record({ dockerfile: runnableDockerfiles, ignore: ignoreFiles }),
  async holds({ dockerfile, ignore }, { engine }) {
    const context = await tarOf([...files, textFile("Dockerfile", dockerfile), textFile(".dockerignore", ignore)]);
    const { status, body } = await engine.api.request({
      method: "POST",
      path: "/build?version=1&rm=1",
      headers: { "content-type": "application/x-tar" },
      body: { kind: "stream", stream: streamOfBytes(context) },
    });
    const said: string[] = [];
    if (body.kind === "jsonLines") for await (const value of body.values) said.push(JSON.stringify(value));
    else said.push(JSON.stringify(body));
    must(status === 200 || said.join("").includes("message"), `status ${status}`);
    // What a step prints is its own affair.
    mustSpeak(said.filter((line) => line.includes("error") || status >= 400).join("\n"), dockerfile + ignore);
  },
});

export const languageProperties = [language, patterns];
