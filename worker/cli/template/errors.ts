/** A template that does not parse or cannot be executed. The message is Go's, from "template: " on. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}
