import { z } from "zod";
import { pathProblem } from "./path.ts";

/** A path of the workspace in a lesson, link or recipe. */
export const workspacePath = z.string().check((context) => {
  const message = pathProblem(context.value);
  if (message !== undefined) context.issues.push({ code: "custom", message, input: context.value });
});
