/** A Dockerfile as its syntax: one node an instruction. What an instruction means is decided in ./instructions.ts. */

export interface Heredoc {
  readonly name: string;
  readonly content: string;
  /** The word was not quoted: variables in the content are replaced. */
  readonly expand: boolean;
  /** "<<-": leading tabs go. */
  readonly chomp: boolean;
}

export interface DockerfileNode {
  /** As written; any case. */
  readonly command: string;
  readonly args: readonly string[];
  /** The arguments were a JSON array. */
  readonly json: boolean;
  /** The instruction of an ONBUILD. */
  readonly inner?: DockerfileNode;
  readonly flags: readonly string[];
  readonly heredocs: readonly Heredoc[];
  /** The logical line, continuation lines joined. */
  readonly original: string;
  readonly startLine: number;
  readonly endLine: number;
  /** The comments right above. */
  readonly comments: readonly string[];
}

export interface ParseWarning {
  readonly line: string;
  readonly endLine: number;
}

export interface ParsedDockerfile {
  readonly nodes: readonly DockerfileNode[];
  readonly escapeChar: string;
  /** Values of the parser directives `syntax`, `check` and `escape`. */
  readonly directives: Readonly<Record<string, string>>;
  /** Logical lines that have an empty line in them. */
  readonly emptyContinuations: readonly ParseWarning[];
}

/** Lines of the Dockerfile, the first is 1. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

/** What is wrong with a Dockerfile, and where. */
export class DockerfileError extends Error {
  override readonly name = "DockerfileError";
  readonly range: LineRange | undefined;
  /** Places that led there, the nearest first. */
  readonly via: readonly LineRange[];
  constructor(message: string, range?: LineRange, via: readonly LineRange[] = []) {
    super(message);
    this.range = range;
    this.via = via;
  }
}
