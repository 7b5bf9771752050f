/** Which language a file is in, by its name; each is loaded when a file of it is opened. */
import { type LanguageSupport, StreamLanguage } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

export type LanguageName =
  | "dockerfile"
  | "compose"
  | "yaml"
  | "shell"
  | "python"
  | "javascript"
  | "json"
  | "html"
  | "markdown"
  | "text";

export function languageOf(path: string): LanguageName {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  if (/^(dockerfile|containerfile)(\..*)?$|\.dockerfile$/.test(name)) return "dockerfile";
  if (/^(docker-)?compose([.-].*)?\.ya?ml$/.test(name)) return "compose";
  const extension = name.slice(name.lastIndexOf(".") + 1);
  switch (extension) {
    case "yml":
    case "yaml":
      return "yaml";
    case "sh":
    case "bash":
    case "env":
      return "shell";
    case "py":
      return "python";
    case "js":
    case "mjs":
    case "cjs":
    case "ts":
    case "jsx":
    case "tsx":
      return "javascript";
    case "json":
      return "json";
    case "html":
    case "htm":
    case "xml":
    case "svg":
      return "html";
    case "md":
      return "markdown";
    default:
      return "text";
  }
}

export async function languageSupport(name: LanguageName): Promise<LanguageSupport | Extension> {
  switch (name) {
    case "dockerfile":
      return StreamLanguage.define((await import("@codemirror/legacy-modes/mode/dockerfile")).dockerFile);
    case "shell":
      return StreamLanguage.define((await import("@codemirror/legacy-modes/mode/shell")).shell);
    case "compose":
    case "yaml":
      return (await import("@codemirror/lang-yaml")).yaml();
    case "python":
      return (await import("@codemirror/lang-python")).python();
    case "javascript":
      return (await import("@codemirror/lang-javascript")).javascript({ jsx: true, typescript: true });
    case "json":
      return (await import("@codemirror/lang-json")).json();
    case "html":
      return (await import("@codemirror/lang-html")).html();
    case "markdown":
      return (await import("@codemirror/lang-markdown")).markdown();
    case "text":
      return [];
  }
}
