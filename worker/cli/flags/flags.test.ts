import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Flags } from "./flags.ts";
import { FlagError, parseFlags } from "./parse.ts";
import { parseCpus, parseUlimit } from "./values.ts";

const flag = (name: string, short: string, type: string) => ({ name, short, type, hidden: false });
const specs = [
  flag("all", "a", "bool"),
  flag("name", "n", "string"),
  flag("tty", "t", "bool"),
  flag("env", "e", "list"),
  flag("last", "l", "int"),
];
const parse = (args: readonly string[], interspersed = true) => {
  const flags = new Flags(specs);
  return { flags, ...parseFlags(flags, args, { interspersed }) };
};

describe("flags parse as pflag's", () => {
  test("clusters, values attached and apart, and the end of flags", () => {
    const { flags, args } = parse(["-atnx", "one", "--env=a=b", "-e", "c", "-l=3", "--", "-z"]);
    expect([
      flags.bool("all"),
      flags.bool("tty"),
      flags.string("name"),
      flags.list("env"),
      flags.number("last"),
      args,
    ]).toEqual([true, true, "x", ["a=b", "c"], 3, ["one", "-z"]]);
  });
  test("flags after the first argument belong to it where they may not be mixed", () => {
    expect(parse(["-a", "image", "-x", "--y"], false).args).toEqual(["image", "-x", "--y"]);
  });
  test("help does not hide a wrong flag", () => {
    expect(parse(["--help", "x"]).help).toBe("long");
    expect(() => parse(["--help", "--no"])).toThrow("unknown flag: --no");
  });
  test.each([
    [["--no"], "unknown flag: --no"],
    [["-az"], "unknown shorthand flag: 'z' in -z"],
    [["--name"], "flag needs an argument: --name"],
    [["-an"], "flag needs an argument: 'n' in -n"],
    [["--=x"], "bad flag syntax: --=x"],
    [
      ["--all=maybe"],
      'invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
    ],
    [["-l", "x"], 'invalid argument "x" for "-l, --last" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    [
      ["-l", "9223372036854775808"],
      'invalid argument "9223372036854775808" for "-l, --last" flag: strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ],
  ])("%j: %s", (args, message) => {
    expect(() => parse(args)).toThrow(message);
  });
  test("any arguments either parse or are refused as flags", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (args) => {
        try {
          parse(args);
        } catch (error) {
          expect(error).toBeInstanceOf(FlagError);
        }
      }),
    );
  });
});

describe("values", () => {
  test("cpus are exact", () => {
    expect([".5", "1", "1/4", "2e-1"].map(parseCpus)).toEqual([5e8, 1e9, 2.5e8, 2e8]);
    expect(() => parseCpus("0.0000000001")).toThrow("value is too precise");
    expect(() => parseCpus("x")).toThrow("failed to parse x as a rational number");
  });
  test("ulimits", () => {
    expect(parseUlimit("nofile=1:2")).toEqual({ Name: "nofile", Soft: 1, Hard: 2 });
    expect(() => parseUlimit("nofile=5:1")).toThrow(
      "ulimit soft limit must be less than or equal to hard limit: 5 > 1",
    );
  });
});
