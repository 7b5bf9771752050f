/**
 * Checks are data: a closed set of questions about the engine and the machine, each with its parameters. A lesson from anywhere can
 * hold them, for none of them runs anything. There are no patterns, only `contains` and `equals`: a pattern can be made to run for hours.
 */
import { z } from "zod";

const text = z.string().min(1).max(500);
/** Names as Docker allows them; a name that cannot exist in the engine is a mistake of the author. */
const name = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/, "is no name that Docker allows");
const port = z.int().min(1).max(65535);
const variables = z.record(z.string().max(100), z.string().max(500)).optional().describe("each name with its value");
const part = text.optional().describe("part of the command line");
const bytes = z.int().positive().describe("bytes");
const absolute = z.string().max(500).startsWith("/", "must start with /");

export const containerStates = ["created", "running", "paused", "restarting", "exited", "dead"] as const;

const container = z
  .strictObject({
    kind: z.literal("container"),
    name: name.optional(),
    image: text.optional(),
    label: text.optional(),
    state: z.enum(containerStates).optional(),
    exitCode: z.int().min(0).max(255).optional(),
    oomKilled: z.boolean().optional(),
    health: z.enum(["healthy", "unhealthy", "starting", "none"]).optional(),
    publishes: z
      .strictObject({ container: port, host: port.optional(), address: text.optional() })
      .optional()
      .describe("the port inside, the machine's port, the machine's address"),
    env: variables,
    mounts: z
      .array(
        z.strictObject({
          type: z.enum(["volume", "bind", "tmpfs"]).optional(),
          source: text.optional(),
          target: absolute,
          readOnly: z.boolean().optional(),
        }),
      )
      .max(10)
      .optional(),
    networks: z.array(name).max(10).optional(),
    alias: text.optional(),
    networkMode: text.optional(),
    restart: z.enum(["no", "always", "unless-stopped", "on-failure"]).optional(),
    restarts: z.int().min(0).optional().describe("at least so many"),
    user: text.optional(),
    workingDir: absolute.optional(),
    hostname: text.optional(),
    init: z.boolean().optional(),
    tty: z.boolean().optional(),
    command: part,
    memory: bytes.optional(),
    pids: z.int().positive().optional(),
    readOnly: z.boolean().optional(),
    privileged: z.boolean().optional(),
    dropped: text.optional().describe("a capability that it must not have"),
  })
  .describe("A container, found by `name`, or without one by `image` or `label`. All else is what it must be.");

const image = z
  .strictObject({
    kind: z.literal("image"),
    name: text,
    absent: z.boolean().optional(),
    sameAs: text.optional().describe("another name of the same image"),
    env: variables,
    command: part,
    layers: z.strictObject({ min: z.int().optional(), max: z.int().optional() }).optional(),
    user: text.optional(),
    workingDir: absolute.optional(),
    exposes: port.optional(),
    label: text.optional(),
    size: z.strictObject({ max: bytes }).optional(),
    shares: z
      .strictObject({ with: text, min: z.int().min(1) })
      .optional()
      .describe("at least so many layers, from the base on, are those of another image"),
    hides: text.optional().describe("a text that stands nowhere in its settings and its history"),
  })
  .describe("An image of this name or reference is there, or with `absent` is not.");
const volume = z
  .strictObject({
    kind: z.literal("volume"),
    name,
    absent: z.boolean().optional(),
    label: text.optional(),
  })
  .describe("A volume of this name is there, or with `absent` is not.");
const network = z
  .strictObject({
    kind: z.literal("network"),
    name,
    absent: z.boolean().optional(),
    driver: text.optional(),
    internal: z.boolean().optional(),
    subnet: text.optional(),
  })
  .describe("A network of this name is there, or with `absent` is not.");
const count = z
  .strictObject({
    kind: z.literal("count"),
    of: z.enum(["containers", "images", "volumes", "networks"]),
    state: z.enum(containerStates).optional(),
    image: text.optional(),
    label: text.optional(),
    dangling: z.boolean().optional(),
    min: z.int().min(0).optional(),
    max: z.int().min(0).optional(),
  })
  .describe("How many there are.");
const gone = z
  .strictObject({ kind: z.literal("gone"), container: name })
  .describe("There is no container of this name.");

const http = z
  .strictObject({
    kind: z.literal("http"),
    port,
    from: name.optional().describe("the container from whose network it is asked; else it is the machine's"),
    host: text.optional(),
    path: absolute.optional(),
    status: z.int().min(100).max(599).optional().describe("200 if it is not said"),
    contains: text.optional(),
    refused: z.boolean().optional().describe("the other way round: nobody must answer"),
  })
  .describe("An HTTP answer.");
const place = z.union([
  z.enum(["workspace", "machine"]),
  z.strictObject({ container: name }),
  z.strictObject({ volume: name }),
]);
const file = z
  .strictObject({
    kind: z.literal("file"),
    in: place,
    path: z.string().min(1).max(500),
    absent: z.boolean().optional(),
    type: z.enum(["file", "directory", "symlink"]).optional(),
    contains: text.optional(),
    equals: z.string().max(500).optional(),
    lines: z.strictObject({ min: z.int().optional(), max: z.int().optional() }).optional().describe("how many it has"),
    uid: z.int().min(0).optional(),
    mode: z
      .string()
      .regex(/^0?[0-7]{3,4}$/, "must be octal, as 0644")
      .optional()
      .describe("octal, as 0644"),
  })
  .describe("A file of the workspace, the machine, a container or a volume.");
const logs = z
  .strictObject({ kind: z.literal("logs"), container: name, contains: text })
  .describe("What a container has said, its last 500 lines.");
const process = z
  .strictObject({
    kind: z.literal("process"),
    container: name.optional().describe("else one of the machine"),
    command: text.describe("part of the command line"),
    user: text.optional(),
    absent: z.boolean().optional(),
  })
  .describe("A process that runs.");
const event = z
  .strictObject({
    kind: z.literal("event"),
    type: z.enum(["container", "image", "volume", "network"]),
    action: z.string().min(1).max(60),
    name: text.optional(),
    image: text.optional(),
    attributes: z.record(z.string().max(60), z.string().max(200)).optional(),
    times: z.int().min(1).max(1000).optional().describe("at least so often"),
  })
  .describe("Something that has happened since the step began, in the words of `docker events`.");

export type Place = z.infer<typeof place>;
export type SimpleCheck = z.infer<typeof simple>;
/** One question each; `all`, `any` and `not` put them together. */
export const simple = z.discriminatedUnion("kind", [
  container,
  image,
  volume,
  network,
  count,
  gone,
  http,
  file,
  logs,
  process,
  event,
]);

export type Check =
  | SimpleCheck
  | { readonly kind: "all"; readonly of: readonly Check[] }
  | { readonly kind: "any"; readonly of: readonly Check[] }
  /** `say` is what a learner reads while `of` still holds. */
  | { readonly kind: "not"; readonly of: Check; readonly say: string };

const deepest = 4;
const several = (depth: number) =>
  z
    .array(atDepth(depth - 1))
    .min(1)
    .max(12);
function atDepth(depth: number): z.ZodType<Check> {
  if (depth === 0) return simple as unknown as z.ZodType<Check>;
  return z.discriminatedUnion("kind", [
    ...simple.options,
    z.strictObject({ kind: z.literal("all"), of: several(depth) }),
    z.strictObject({ kind: z.literal("any"), of: several(depth) }),
    z.strictObject({ kind: z.literal("not"), of: atDepth(depth - 1), say: text }),
  ]) as unknown as z.ZodType<Check>;
}
/** Not a recursive schema: a check nested deeper than anyone needs is refused before it is looked at. */
export const checkSchema: z.ZodType<Check> = atDepth(deepest);
