import { expect, test } from "vitest";
import { type AnswerContext, answer } from "./answer.ts";
import { type Query, recordTypes, responseCodes } from "./message.ts";
import type { NameSource, OutsideAnswer, Resolver } from "./zone.ts";

const source: NameSource = {
  lookup: (_container, name) =>
    ({
      web: { v4: ["172.18.0.2"], v6: [] },
      many: { v4: ["172.18.0.3", "172.18.0.4", "172.18.0.5"], v6: ["fd00::3"] },
    })[name],
  reverse: (_container, address) => (address === "172.18.0.2" ? "web.net" : undefined),
  reachesOutside: (container) => container !== "internal",
  servers: () => ["1.1.1.1"],
  keepsPlainNames: (container) => container === "ndots",
};
const query = (name: string, type: number): Query => ({
  id: 1,
  recursionDesired: true,
  question: { name, type, class: 1 },
  datagramSize: 512,
});
const asked: string[] = [];
const resolver = (result: OutsideAnswer | Error): Resolver => ({
  resolve: async (name, type, { servers }) => {
    asked.push(`${name} ${type} ${servers.join()}`);
    if (result instanceof Error) throw result;
    return result;
  },
});
const context = (more: Partial<AnswerContext> = {}): AnswerContext => ({
  container: "a",
  source,
  resolver: resolver({ status: "noSuchName" }),
  signal: new AbortController().signal,
  turn: 0,
  ...more,
});

test("a container's name answers with its address, in whatever case it is asked", async () => {
  const { code, answers } = await answer(query("WEB", recordTypes.A), context());
  expect(code).toBe(responseCodes.noError);
  expect(answers).toEqual([{ name: "WEB", type: 1, ttl: 600, data: Uint8Array.of(172, 18, 0, 2) }]);
});

test("a name without an address of the family exists all the same", async () => {
  expect(await answer(query("web", recordTypes.AAAA), context())).toEqual({ code: responseCodes.noError, answers: [] });
  expect(await answer(query("web", recordTypes.MX), context())).toEqual({ code: responseCodes.noError, answers: [] });
});

test("several addresses of a name take turns at the front", async () => {
  const first = async (turn: number) =>
    (await answer(query("many", recordTypes.A), context({ turn }))).answers[0]?.data.at(-1);
  expect([await first(0), await first(1), await first(2), await first(3)]).toEqual([3, 4, 5, 3]);
});

test("an address is known by its endpoint's name and network", async () => {
  const { answers } = await answer(query("2.0.18.172.in-addr.arpa", recordTypes.PTR), context());
  expect(new TextDecoder().decode(answers[0]?.data)).toBe("\u0003web\u0003net\u0000");
});

test("other names are asked of the world outside, with the servers that the container named", async () => {
  asked.length = 0;
  const found: OutsideAnswer = {
    status: "answered",
    records: [{ name: "example.org", ttl: 60, record: { type: "A", address: "93.184.216.34" } }],
  };
  const response = await answer(query("example.org", recordTypes.A), context({ resolver: resolver(found) }));
  expect(response.answers[0]).toMatchObject({ ttl: 60, data: Uint8Array.of(93, 184, 216, 34) });
  expect(asked).toEqual(["example.org A 1.1.1.1"]);
});

test("what does not exist outside is said to not exist, and what fails fails at once", async () => {
  const nowhere = await answer(query("nowhere.example", recordTypes.A), context());
  expect(nowhere.code).toBe(responseCodes.nameError);
  const broken = context({ resolver: resolver(new Error("unreachable")) });
  expect((await answer(query("nowhere.example", recordTypes.A), broken)).code).toBe(responseCodes.serverFailure);
});

test("a container of internal networks asks nobody outside", async () => {
  asked.length = 0;
  const response = await answer(query("example.org", recordTypes.A), context({ container: "internal" }));
  expect(response.code).toBe(responseCodes.serverFailure);
  expect(asked).toEqual([]);
});

test("with ndots set, a name without a dot is left to the search domains", async () => {
  const response = await answer(query("db", recordTypes.A), context({ container: "ndots" }));
  expect(response).toEqual({ code: responseCodes.noError, answers: [] });
});
