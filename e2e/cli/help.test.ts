import { expect, test } from "vitest";
import tree from "../../worker/cli/reference/tree.json" with { type: "json" };
import { both, engine, whyNot } from "./both.ts";

const paths = Object.keys(tree).filter((path) => !/^(image )?build|^builder/.test(path));

test.skipIf(engine === "").each(paths)(
  `the help of "docker %s" is the real client's, byte for byte (or: ${whyNot})`,
  async (path) => {
    const { real, ours } = await both([...path.split(" ").filter(Boolean), "--help"]);
    expect(ours).toEqual(real);
  },
);
