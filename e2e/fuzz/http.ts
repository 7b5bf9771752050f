/** HTTP on the engine's connections: each request is answered as Docker answers, whatever it asks and however it is written. */
import { type Answer, answersIn, converse } from "./client.ts";
import { containerBodies } from "./inputs/bodies.ts";
import { connections, noise } from "./inputs/connections.ts";
import type { HostileRequest } from "./inputs/requests.ts";
import type { Playground } from "./playground.ts";
import { property } from "./property.ts";
import { Finding, must, mustSpeak } from "./words.ts";

/** Operations that are not over until something happens, or as long as their client says. */
const waits =
  /Wait|Attach|Events|Stats|Logs|Stop|Restart|ExecStart|ImageCreate|ImagePush|ImageBuild|ImageLoad|PutContainerArchive|Session|Pull|Upgrade/;
const patience = 400;

/** An answer that real Docker could have given. */
export function mustBeDockers({ status, headers, body }: Answer, asked: string): void {
  must(status >= 101 && status < 600, `status ${status}`);
  const type = headers["content-type"] ?? "";
  // Archives have files in them, with any words.
  if (status >= 400 || type.startsWith("application/json")) mustSpeak(body, asked);
  if (status < 400) {
    if (type.startsWith("application/json") && headers["transfer-encoding"] === undefined && body !== "") parsed(body);
    return;
  }
  // What is no HTTP gets net/http's own words, and what is no WebSocket those of golang.org/x/net.
  if (status === 400 && /^(?:400 Bad Request$|not websocket protocol$)/.test(body)) return;
  if (body === "" && type.startsWith("text/plain")) return;
  if (body === "") {
    must(headers["content-length"] !== "0", `status ${status} without a word`);
    return;
  }
  const { message } = (parsed(body) ?? {}) as { readonly message?: unknown };
  must(typeof message === "string" && message !== "", `status ${status} without a message: ${body.slice(0, 200)}`);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Finding(`answers with what is no JSON: ${body.slice(0, 200)}`);
  }
}

/** What the request says in any writing, for words that are only repeated. */
const shown = (requests: readonly HostileRequest[]): string =>
  JSON.stringify(requests) + requests.map(({ path }) => new URLSearchParams(path).toString() + unescape(path)).join();

export const requestsProperty = property({
  name: "requests",
  inputs: connections,
  async holds({ requests, pieces, whole }, playground) {
    const slow = requests.some(({ operation }) => waits.test(operation));
    const said = await converse(
      playground.engine.api,
      pieces,
      whole && !slow ? {} : { ends: !whole && !slow, patience },
    );
    const asked = shown(requests);
    const answers = answersIn(
      said,
      requests.map(({ method }) => method),
    );
    for (const answer of answers) mustBeDockers(answer, asked);
    if (whole && !slow) must(answers.length === requests.length || isOver(answers), `${answers.length} answers`);
  },
  show: ({ requests, pieces }) => `${JSON.stringify(requests)} as ${JSON.stringify(pieces.map(latin1))}`,
});

/** What comes behind an upgrade is no request any more, and nobody reads it behind an answer that closes. */
const isOver = (answers: readonly Answer[]): boolean =>
  answers.some(({ status }) => status === 101) || answers.at(-1)?.headers.connection === "close";

const latin1 = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);

export const noiseProperty = property({
  name: "connections",
  inputs: noise,
  async holds(pieces, playground) {
    const said = await converse(
      playground.engine.api,
      pieces.filter(({ length }) => length > 0),
      { ends: true, patience },
    );
    mustSpeak(latin1(said), pieces.map(latin1).join(""));
  },
  show: (pieces) => JSON.stringify(pieces.map(latin1)),
});

/** A container of any configuration that is accepted: it starts or says why not, is inspected, and goes away whole. */
export const containersProperty = property({
  name: "containers",
  inputs: containerBodies,
  async holds(body, playground) {
    const asked = JSON.stringify(body);
    const created = await request(playground, "POST", "/containers/create", asked, body);
    if (created.status !== 201) return;
    const { Id } = JSON.parse(created.body) as { readonly Id: string };
    try {
      const started = await request(playground, "POST", `/containers/${Id}/start`, asked);
      must(started.status === 204 || started.status >= 400, `start answers ${started.status}`);
      await request(playground, "GET", `/containers/${Id}/json?size=1`, asked);
      await request(playground, "GET", "/containers/json?all=1", asked);
    } finally {
      const removed = await request(playground, "DELETE", `/containers/${Id}?force=1&v=1`, asked);
      // One with AutoRemove may be gone by itself, or going.
      must([204, 404, 409].includes(removed.status), `cannot be removed: ${removed.body}`);
    }
  },
});

/** One whole request over a connection. */
export async function request(
  { engine }: Playground,
  method: string,
  path: string,
  asked: string,
  value?: unknown,
): Promise<Answer> {
  const body = value === undefined ? "" : JSON.stringify(value);
  const length = new TextEncoder().encode(body).length;
  const head = `${method} ${path} HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;
  const [answer] = answersIn(await converse(engine.api, [new TextEncoder().encode(head + body)]), [method]);
  must(answer !== undefined, `${method} ${path} is not answered`);
  mustBeDockers(answer, asked);
  return answer;
}
