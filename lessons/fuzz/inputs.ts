/** Hostile inputs: valid ones with damage, shapes that are almost right, and noise. */
import * as fc from "fast-check";

/** Texts that have hurt somebody before. */
export const nasty = fc.oneof(
  fc.constantFrom(
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "../../etc/passwd",
    "/etc/passwd",
    "a\\b",
    "__proto__",
    "constructor",
    "docker run x\nrm -rf /",
    "docker run \u202etxt",
    "docker run -d --name x busybox",
    "$(reboot)",
    "`reboot`",
    "'; reboot; '",
    "$" + "{A:-$" + "{B:-c}}",
    "\u0000",
    "\ud800",
    "9".repeat(400),
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
);

const value: fc.Arbitrary<unknown> = fc.oneof(
  { depthSize: "small" },
  nasty,
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(nasty, { maxLength: 4 }),
  fc.dictionary(nasty, nasty, { maxKeys: 4 }),
);

/** An object with these keys, each present or not, and any value in it. */
const shaped = (keys: readonly string[], each: fc.Arbitrary<unknown> = value): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(Object.fromEntries([...keys, "__proto__", "x"].map((key) => [key, each])), { requiredKeys: [] });

const mostly = <T>(right: T, wrong: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: wrong });

export const recipes = fc.record(
  {
    v: mostly(1, value),
    title: nasty,
    files: fc.array(fc.oneof(shaped(["path", "text", "base64", "mode"]), fc.record({ path: nasty, text: nasty })), {
      maxLength: 4,
    }),
    images: fc.array(shaped(["ref", "digest"]), { maxLength: 3 }),
    steps: fc.array(
      fc.oneof(
        nasty,
        nasty.map((text) => `docker ${text}`),
      ),
      { maxLength: 5 },
    ),
    more: value,
  },
  { requiredKeys: ["v"] },
);

const serviceKeys =
  "image command entrypoint environment ports volumes networks depends_on container_name hostname user restart labels healthcheck build profiles extends tmpfs network_mode extra_hosts".split(
    " ",
  );
export const stacks = fc.record(
  {
    name: nasty,
    services: fc.dictionary(nasty, fc.oneof(shaped(serviceKeys), value), { maxKeys: 4 }),
    networks: value,
    volumes: value,
  },
  { requiredKeys: [] },
);

export const messages = fc.oneof(
  fc.anything({ withTypedArray: true, withBigInt: true, withDate: true, withMap: true }),
  fc.record(
    {
      drydock: mostly(1, value),
      id: fc.oneof(fc.integer(), value),
      method: fc.oneof(
        fc.constantFrom("start", "stop", "run", "type", "writeFile", "readFile", "openLesson", "checkpoint", "restore"),
        nasty,
      ),
      params: fc.oneof(shaped(["line", "path", "content", "lesson", "label", "checkpoint"]), value),
      type: fc.oneof(fc.constantFrom("answer", "refused", "event"), nasty),
      event: fc.oneof(fc.constantFrom("ready", "stopped", "failed", "engine", "lesson", "height"), nasty),
      detail: value,
      failure: value,
      value,
    },
    { requiredKeys: [] },
  ),
);

/** The text with some places cut, doubled or replaced. */
export const damaged = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.tuple(fc.nat(text.length), fc.nat(12), fc.oneof(fc.constant(""), nasty)), { minLength: 1, maxLength: 4 })
    .map((wounds) =>
      wounds.reduce((whole, [at, length, put]) => whole.slice(0, at) + put + whole.slice(at + length), text),
    );
