/** A client's session with a process: its output to the client, the client's bytes to its input, until one of them ends (moby's attach loop). */
import type { ByteDuplex } from "../ports/guest.ts";
import { ClientStream } from "./client-stream.ts";
import { DetachScanner } from "./detach-keys.ts";
import type { LogEntry } from "./log-entry.ts";
import type { Output } from "./output.ts";
import type { StandardInput } from "./standard-input.ts";
import { frame, type StreamName } from "./stdcopy.ts";

export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Follow the running process; otherwise only the logs are sent. */
  readonly stream: boolean;
  readonly tty: boolean;
  /** Raw bytes without frames. */
  readonly raw: boolean;
  /** The end of the client's input is the end of the process's (run -i). */
  readonly closeStdin: boolean;
  readonly detachKeys: readonly number[];
  /** What was written before, first. */
  readonly logs?: AsyncIterable<LogEntry> | undefined;
  readonly detached: () => void;
}

export function attachTo(output: Output, input: StandardInput, options: AttachOptions): ByteDuplex {
  let unlisten = (): void => {};
  const client = new ClientStream(() => unlisten());
  const send = (stream: StreamName, data: Uint8Array): void | Promise<void> => {
    if (stream === "stdout" ? options.stdout : options.stderr)
      return client.push(options.raw ? data : frame(stream, data));
  };
  const leave = (): void => {
    unlisten();
    client.end();
  };
  void begin();

  async function begin(): Promise<void> {
    const early: [StreamName, Uint8Array][] = [];
    let past = options.logs !== undefined;
    if (options.stream) {
      unlisten = output.listen((stream, data) => {
        if (past) early.push([stream, data]);
        else return send(stream, data);
      }, leave);
    }
    if (options.logs === undefined) {
      if (!options.stream) client.end();
      return;
    }
    try {
      const encoder = new TextEncoder();
      for await (const entry of options.logs) await send(entry.stream, encoder.encode(entry.text));
      for (const [stream, data] of early) await send(stream, data);
      past = false;
      if (!options.stream) client.end();
    } catch (error) {
      client.fail(error);
    }
  }

  const scanner = new DetachScanner(options.tty ? options.detachKeys : []);
  const writable = new WritableStream<Uint8Array>({
    async write(data) {
      if (!options.stdin || !options.stream) return;
      const scanned = scanner.push(data);
      if (scanned.data.length > 0) await input.write(scanned.data);
      if (scanned.detached) {
        leave();
        options.detached();
      }
    },
    async close() {
      if (!options.stdin || !options.stream) return;
      if (options.closeStdin && !options.tty) await input.close();
      else leave();
    },
    // A client that is gone types nothing more.
    async abort() {
      unlisten();
      if (options.stdin && options.stream && options.closeStdin && !options.tty) await input.close();
    },
  });
  return { readable: client.readable, writable };
}
