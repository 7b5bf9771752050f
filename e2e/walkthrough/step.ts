/**
 * The walkthrough of an introduction to Docker, as data: command lines in order, run by any client on any engine. What a real client
 * printed on a real engine is kept in expected/, one file a section (see main.ts), and every other pair has to print the same.
 */

/** A command line, or one with what belongs to it. */
export type Step = string | DetailedStep;

export interface DetailedStep {
  /** As typed, with quotes but without expansions; "docker" first. {dir} stands for a folder of the client's own. */
  readonly line: string;
  readonly stdin?: string;
  /** The line is typed at a terminal: what is waited for in its output, and what is typed then. */
  readonly dialogue?: readonly (readonly [waitFor: string, typed: string])[];
  /** Goes on beside the next lines, under this name, until a step joins it. */
  readonly background?: string;
  /** A state that comes by itself: the line is typed again until what it prints matches this regular expression. */
  readonly until?: string;
  /** Lines may come in any order: layers that are pulled at once, names that a set holds. */
  readonly unordered?: boolean;
  /** Numbers are facts of the machine or of the moment. */
  readonly numbers?: boolean;
  /** Where engines differ by what they run on. */
  readonly own?: Own;
  /** What a terminal shows where the client prints something else into a pipe: regular expressions, one for each line. */
  readonly shown?: readonly string[];
}

/** Waits for the end of a step in the background, and shows its output; a signal ends it first, once it has printed the text. */
export interface Join {
  readonly join: string;
  readonly signal?: { readonly name: "SIGINT" | "SIGTERM"; readonly after: string };
}

/** An expectation of this project's own, with the reason why the real engine's answer is not it. */
export interface Own {
  readonly why: string;
  readonly code?: number;
  /** Regular expressions, one for each line of the output. */
  readonly stdout?: readonly string[];
  readonly stderr?: readonly string[];
}

export interface Section {
  /** File of its expectations. */
  readonly name: string;
  readonly title: string;
  /** Images that have to be there. */
  readonly images: readonly string[];
  /** Images that must not. */
  readonly absent?: readonly string[];
  /** What lies in the client's folder, by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly steps: readonly (Step | Join)[];
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a step printed, ready to be compared. */
export interface Entry {
  readonly line: string;
  readonly code: number;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

export const detailed = (step: Step): DetailedStep => (typeof step === "string" ? { line: step } : step);

/** Words as a shell splits them: quotes, no expansion. */
export function words(line: string): readonly string[] {
  return (line.match(/(?:[^\s'"]|'[^']*'|"(?:[^"\\]|\\.)*")+/g) ?? []).map((word) =>
    word.replace(
      /'([^']*)'|"((?:[^"\\]|\\.)*)"/g,
      (_, single: string | undefined, double: string | undefined) =>
        single ?? (double ?? "").replace(/\\(["\\$])/g, "$1"),
    ),
  );
}

/** Waits until so many clients have attached to a container since it was made: an attached client says nothing by itself. */
export const attached = (container: string, clients: number): DetailedStep => ({
  line: `docker events --since 10m --until 0s --filter container=${container} --format '{{.Action}}'`,
  until: `create(?!.*create)(.*attach){${clients}}`,
  own: { why: "earlier containers of this name may be told of, too", code: 0, stderr: [] },
});
