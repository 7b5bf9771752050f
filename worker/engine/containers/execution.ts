/** An exec instance: a further process in a running container. */
import type { ContainerId } from "../domains.ts";
import type { GuestProcess } from "../ports/guest.ts";
import { Output } from "./output.ts";
import { StandardInput } from "./standard-input.ts";

export interface ExecRequest {
  readonly cmd: readonly string[];
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  readonly tty: boolean;
  readonly env: readonly string[];
  readonly user: string;
  readonly workingDir: string;
  readonly privileged: boolean;
  readonly detachKeys: string;
  readonly consoleSize: { readonly rows: number; readonly columns: number } | undefined;
}

export class Execution {
  readonly id: string;
  readonly container: ContainerId;
  readonly request: ExecRequest;
  readonly output = new Output();
  state: "created" | "running" | "exited" = "created";
  exitCode: number | undefined;
  process: GuestProcess | undefined;
  /** Settles when the program runs or cannot. */
  started: Promise<void> | undefined;
  readonly input = new StandardInput();
  /** Of a health check: nobody but its monitor asks for it. */
  probe = false;
  constructor(id: string, container: ContainerId, request: ExecRequest) {
    this.id = id;
    this.container = container;
    this.request = request;
  }
}
