import { expect, test } from "vitest";
import { both, engine, whyNot } from "./both.ts";
import { helpPaths } from "./help-paths.ts";
import { refusedLines } from "./refusals.ts";

test.skipIf(engine === "").each(helpPaths)(
  `the help of "docker %s" is the real client's, byte for byte (or: ${whyNot})`,
  async (path) => {
    const { real, ours } = await both([...path.split(" ").filter(Boolean), "--help"]);
    expect(ours).toEqual(real);
  },
);

test.skipIf(engine === "")(
  `what no command takes is refused as the real client does (or: ${whyNot})`,
  { timeout: 300_000 },
  async () => {
    for (const line of refusedLines) {
      const { real, ours } = await both(line);
      expect({ line, ...ours }).toEqual({ line, ...real });
    }
  },
);
