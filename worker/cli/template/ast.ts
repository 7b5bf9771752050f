/** The parse tree. `at` is the offset that Go reports errors at. */
export type Node =
  | { readonly kind: "text"; readonly at: number; readonly text: string }
  | { readonly kind: "action"; readonly at: number; readonly pipe: Pipe }
  | Branch
  | { readonly kind: "template"; readonly at: number; readonly name: string; readonly pipe: Pipe | undefined }
  | { readonly kind: "break" | "continue"; readonly at: number };

export interface Branch {
  readonly kind: "if" | "with" | "range";
  readonly at: number;
  readonly pipe: Pipe;
  readonly list: readonly Node[];
  readonly otherwise: readonly Node[] | undefined;
}

export interface Pipe {
  readonly kind: "pipe";
  readonly at: number;
  readonly assigns: boolean;
  readonly variables: readonly string[];
  readonly commands: readonly Command[];
}

export interface Command {
  readonly kind: "command";
  readonly at: number;
  readonly args: readonly Operand[];
}

export type Operand =
  | { readonly kind: "dot" | "nil"; readonly at: number }
  | { readonly kind: "bool"; readonly at: number; readonly value: boolean }
  | { readonly kind: "number"; readonly at: number; readonly value: unknown; readonly text: string }
  | { readonly kind: "string"; readonly at: number; readonly value: string; readonly text: string }
  | { readonly kind: "identifier"; readonly at: number; readonly name: string }
  | { readonly kind: "field"; readonly at: number; readonly names: readonly string[] }
  | { readonly kind: "variable"; readonly at: number; readonly name: string; readonly names: readonly string[] }
  | { readonly kind: "chain"; readonly at: number; readonly operand: Operand; readonly names: readonly string[] }
  | Pipe;

/** As Go prints a node in an error. */
export function nodeText(node: Operand | Command): string {
  switch (node.kind) {
    case "dot":
      return ".";
    case "nil":
      return "nil";
    case "bool":
      return String(node.value);
    case "number":
    case "string":
      return node.text;
    case "identifier":
      return node.name;
    case "field":
      return node.names.map((n) => `.${n}`).join("");
    case "variable":
      return [node.name, ...node.names].join(".");
    case "chain": {
      const inner = nodeText(node.operand);
      return (node.operand.kind === "pipe" ? `(${inner})` : inner) + node.names.map((n) => `.${n}`).join("");
    }
    case "pipe": {
      const head = node.variables.length > 0 ? `${node.variables.join(", ")} ${node.assigns ? "=" : ":="} ` : "";
      return head + node.commands.map(nodeText).join(" | ");
    }
    case "command":
      return node.args.map((a) => (a.kind === "pipe" ? `(${nodeText(a)})` : nodeText(a))).join(" ");
  }
}
