/** How a command ends other than well. */

/** docker/cli's StatusError: the text for stderr (none when empty) and the exit code. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;
  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The engine refused: "Error response from daemon: …". */
export class ApiError extends CliError {
  readonly status: number;
  /** The engine's own words. */
  readonly detail: string;
  constructor(status: number, detail: string) {
    super(`Error response from daemon: ${detail}`);
    this.status = status;
    this.detail = detail;
  }
}

/** The engine could not be reached. */
export class ConnectionError extends CliError {}

/** SIGINT or SIGTERM ended the command: exit code 128 + the signal, without a word. */
export class Terminated extends CliError {
  constructor(signal: number) {
    super("", 128 + signal);
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Several failures as Go's errors.Join prints them; nothing when there was none. */
export function throwJoined(errors: readonly unknown[]): void {
  if (errors.length > 0) throw new CliError(errors.map(messageOf).join("\n"));
}
