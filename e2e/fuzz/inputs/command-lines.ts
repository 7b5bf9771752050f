/** Command lines: every command of the client, with its flags given values that they are not for, twice, or none. */
import * as fc from "fast-check";
import { commandAt } from "../../../worker/cli/command/tree.ts";
import tree from "../../../worker/cli/reference/tree.json" with { type: "json" };
import { json, word } from "./values.ts";

const leaves = Object.keys(tree).filter((path) => commandAt(path)?.commands.length === 0);

/** What one argument of a process can be: no NUL is in it (execve(2)). */
const argument = fc
  .oneof(
    { weight: 6, arbitrary: word },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        ..."busybox web idle data net1 file folder folder/Dockerfile archive.tar /fuzz/file web:/etc/passwd web:/nothing idle:/tmp - . /".split(
          " ",
        ),
        "type=bind,src=/tmp,dst=/x",
        "type=volume,dst=/d,volume-opt=type=tmpfs",
        "type=tmpfs,dst=/t,tmpfs-size=-1",
        "type=image,src=busybox,dst=/i",
        "type=nothing,=,,",
        'type=bind,"src=/a,b",dst=/x',
        "type=local,dest=out",
        "type=registry,ref=hostile.test/a",
        "driver=none,subnet=1",
        "name=web,name=idle",
        "until=5s",
        "dangling=maybe",
        "until=2999-99-99T99:99:99Z",
      ),
    },
    { weight: 1, arbitrary: json.map((value) => String(JSON.stringify(value, undefined, 0) ?? "").slice(0, 2000)) },
  )
  .map((text) => text.replaceAll("\0", ""));

export const commandLines: fc.Arbitrary<readonly string[]> = fc.constantFrom(...leaves).chain((path) => {
  const flags = (commandAt(path)?.flags ?? []).map(({ name }) => `--${name}`);
  const flag = flags.length === 0 ? argument : fc.constantFrom(...flags);
  const given = fc.tuple(flag, argument);
  const part: fc.Arbitrary<readonly string[]> = fc.oneof(
    argument.map((text) => [text]),
    given.map(([name, value]) => [`${name}=${value}`]),
    given.map(([name, value]) => [name, value]),
    flag.map((name) => [name]),
    given.map(([name, value]) => [`${name}=${value}`, `${name}=${value}x`, name]),
  );
  return fc.array(part, { maxLength: 5 }).map((rest) => [...path.split(" "), ...rest.flat()]);
});
