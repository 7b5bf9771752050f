/** A whole playground as data: files, images, commands. The content of a link, and of a recipe file at any address. */
import { z } from "zod";
import { workspacePath } from "../format/path-schema.ts";

const file = z
  .strictObject({
    path: workspacePath,
    text: z.string().max(1_000_000).optional(),
    base64: z
      .string()
      .max(1_400_000)
      .regex(/^[A-Za-z0-9+/]*={0,2}$/, "is no base64")
      .optional(),
    mode: z.int().min(0).max(0o777).optional(),
  })
  .check(({ value, issues }) => {
    if ((value.text === undefined) === (value.base64 === undefined))
      issues.push({ code: "custom", message: "must have either text or base64", input: value, path: ["text"] });
  });

/** Control characters would show one line in the consent dialog and run another. */
const dockerLine = z
  .string()
  .max(4000)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  .regex(/^docker [^\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]+$/, "must be one docker command line");

export const recipeSchema = z.strictObject({
  v: z.literal(1),
  title: z.string().max(120).optional(),
  files: z.array(file).max(200).default([]),
  images: z
    .array(
      z.strictObject({
        ref: z
          .string()
          .max(250)
          .regex(/^[a-zA-Z0-9][a-zA-Z0-9._/:-]*$/, "is not the name of an image"),
        digest: z
          .string()
          .regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 digits")
          .optional(),
      }),
    )
    .max(20)
    .default([]),
  steps: z.array(dockerLine).max(100).default([]),
});
export type Recipe = z.infer<typeof recipeSchema>;
