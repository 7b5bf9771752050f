import { expect, test } from "vitest";
import { both, engine, whyNot } from "./both.ts";
import { helpPaths } from "./help-paths.ts";

test.skipIf(engine === "").each(helpPaths)(
  `the help of "docker %s" is the real client's, byte for byte (or: ${whyNot})`,
  async (path) => {
    const { real, ours } = await both([...path.split(" ").filter(Boolean), "--help"]);
    expect(ours).toEqual(real);
  },
);
