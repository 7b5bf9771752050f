/** What a completion answers, in cobra's terms. */

/** cobra's ShellCompDirective. */
export const directives = { default: 0, noFiles: 4 } as const;

export interface Completion {
  readonly candidates: readonly string[];
  readonly directive: number;
}
