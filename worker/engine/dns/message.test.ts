import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeResponse, parseQuery, type Query, recordTypes, responseCodes, reverseAddress } from "./message.ts";
import { queryFor } from "./testing/query.ts";

const parsed = (bytes: Uint8Array): Query => {
  const query = parseQuery(bytes);
  if (query === undefined) throw new Error("no query");
  return query;
};

test("a query tells its name, type and how much its asker takes", () => {
  expect(parsed(queryFor("Web.Example", recordTypes.A, 1232))).toEqual({
    id: 0x1234,
    recursionDesired: true,
    question: { name: "Web.Example", type: 1, class: 1 },
    datagramSize: 1232,
  });
  expect(parsed(queryFor("web", recordTypes.AAAA)).datagramSize).toBe(512);
});

test("an answer is a response to the question, recursion available", () => {
  const response = encodeResponse(parsed(queryFor("web", recordTypes.A)), {
    code: responseCodes.noError,
    answers: [{ name: "web", type: recordTypes.A, ttl: 600, data: Uint8Array.of(172, 18, 0, 2) }],
  });
  const record = [3, 119, 101, 98, 0, 0, 1, 0, 1];
  expect([...response]).toEqual([
    ...[0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0],
    ...record,
    ...record,
    ...[0, 0, 2, 88, 0, 4, 172, 18, 0, 2],
  ]);
});

test("an answer that does not fit is cut and says so", () => {
  const answers = Array.from({ length: 60 }, (_, i) => ({
    name: "web",
    type: recordTypes.A,
    ttl: 600,
    data: Uint8Array.of(10, 0, 0, i),
  }));
  const response = encodeResponse(parsed(queryFor("web", recordTypes.A)), { code: 0, answers }, 512);
  expect(response.length).toBeLessThanOrEqual(512);
  expect((response[2] ?? 0) & 0x02).toBe(0x02);
});

test("names that point at each other end", () => {
  const bytes = queryFor("x", recordTypes.A);
  bytes.set([0xc0, 12], 12);
  expect(parseQuery(bytes)).toBeUndefined();
});

test("nothing that a container sends makes the server fail", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void parseQuery(bytes)));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const header = Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, ...bytes]);
      const query = parseQuery(header);
      if (query !== undefined) encodeResponse(query, { code: 0, answers: [] });
    }),
  );
});

test("reverse names are read in both families", () => {
  expect(reverseAddress("2.0.18.172.in-addr.arpa")).toBe("172.18.0.2");
  const nibbles = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.a.a.0.0.0.0.d.f";
  expect(reverseAddress(`${nibbles}.ip6.arpa`)).toBe("fd00:00aa:0000:0000:0000:0000:0000:0002");
  expect(reverseAddress("web")).toBeUndefined();
});
