import { expect, it } from "vitest";
import { textsOf, ulimitsOf } from "./build-parameters.ts";

it("are read, names without a text left out", () => {
  expect(textsOf('{"A":"1","B":null}', "error reading build args")).toEqual({ A: "1" });
  expect(textsOf("", "error reading labels")).toEqual({});
  expect(ulimitsOf('[{"Name":"nofile","Soft":10,"Hard":20}]')).toEqual([{ type: "nofile", soft: 10, hard: 20 }]);
});

it("are refused as moby refuses them", () => {
  expect(() => textsOf("[1]", "error reading labels")).toThrow(
    "error reading labels: json: cannot unmarshal array into Go value of type map[string]string",
  );
  expect(() => textsOf('{"A":1}', "error reading build args")).toThrow(
    "error reading build args: json: cannot unmarshal number into Go value of type string",
  );
  expect(() => textsOf("true", "error reading labels")).toThrow("cannot unmarshal bool into Go value");
  expect(() => ulimitsOf("nofile")).toThrow(
    "error reading ulimit settings: invalid character 'o' in literal null (expecting 'u')",
  );
});
