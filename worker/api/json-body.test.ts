import { expect, it } from "vitest";
import { parseJsonBody, parseJsonParameter } from "./json-body.ts";

const type = "application/json";
const message = (text: string, contentType: string | undefined = type): string | undefined => {
  try {
    parseJsonBody(text, contentType);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

/** What Docker Engine 28.5 answered to each. */
const refusals: Readonly<Record<string, string>> = {
  "{invalid json": "invalid JSON: invalid character 'i' looking for beginning of object key string",
  "{} trailing": "unexpected content after JSON",
  "{}{}": "unexpected content after JSON",
  '{"a":}': "invalid JSON: invalid character '}' looking for beginning of value",
  '{"a" 1}': "invalid JSON: invalid character '1' after object key",
  '{"a":1,}': "invalid JSON: invalid character '}' looking for beginning of object key string",
  '{"a":tru}': "invalid JSON: invalid character '}' in literal true (expecting 'e')",
  '{"a":"x': "invalid JSON: unexpected EOF",
  '{"a":1': "invalid JSON: unexpected EOF",
  x: "invalid JSON: invalid character 'x' looking for beginning of value",
};

it("are refused in Go's words", () => {
  for (const [text, words] of Object.entries(refusals)) expect(message(text), text).toBe(words);
});

it("are refused when they are nested deeper than any that means something", () => {
  for (const text of [
    "[".repeat(20_000),
    `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`,
    `{"a":"x"${",[[".repeat(9000)}`,
  ])
    expect(message(text)).toMatch(/^invalid JSON: invalid character '[[{]' exceeded max depth$/);
  expect(message(`"${"[".repeat(20_000)}"`)).toBeUndefined();
});

it("are taken when they are one value of JSON that says what it is", () => {
  expect(parseJsonBody(' {"a": [1, -2.5e3, "\\u00e9"]} \n', "application/json; charset=utf-8")).toEqual({
    a: [1, -2500, "é"],
  });
  expect(parseJsonBody("", undefined)).toBeUndefined();
  expect(message("{}", "text/plain")).toBe("unsupported Content-Type header (text/plain): must be 'application/json'");
  expect(message("{}", "")).toBe("malformed Content-Type header (): mime: no media type");
});

it("of a parameter are refused as Unmarshal refuses them, with what they were for", () => {
  const refused = (text: string) => () => parseJsonParameter(text, "error reading labels");
  expect(refused("host")).toThrow("error reading labels: invalid character 'h' looking for beginning of value");
  expect(refused("{} x")).toThrow("error reading labels: invalid character 'x' after top-level value");
  expect(parseJsonParameter('{"a":"b"}', "error reading labels")).toEqual({ a: "b" });
});
