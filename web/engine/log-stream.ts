/**
 * Docker's log stream as lines. Without a terminal it is multiplexed: a header of eight bytes (stream, three zeros,
 * big-endian length) before each piece (Engine API, ContainerAttach, "Stream format").
 */
export interface LogLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

export class LogParser {
  readonly #multiplexed: boolean;
  #buffer = new Uint8Array(0);
  readonly #partial: Record<LogLine["stream"], string> = { stdout: "", stderr: "" };
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };

  constructor(multiplexed: boolean) {
    this.#multiplexed = multiplexed;
  }

  push(chunk: Uint8Array): readonly LogLine[] {
    const lines: LogLine[] = [];
    if (!this.#multiplexed) {
      this.#take("stdout", chunk, lines);
      return lines;
    }
    const bytes = new Uint8Array(this.#buffer.length + chunk.length);
    bytes.set(this.#buffer);
    bytes.set(chunk, this.#buffer.length);
    let at = 0;
    while (bytes.length - at >= 8) {
      const length = new DataView(bytes.buffer, at + 4).getUint32(0);
      if (bytes.length - at - 8 < length) break;
      this.#take(bytes[at] === 2 ? "stderr" : "stdout", bytes.subarray(at + 8, at + 8 + length), lines);
      at += 8 + length;
    }
    this.#buffer = bytes.slice(at);
    return lines;
  }

  /** What stands after the last line end. */
  end(): readonly LogLine[] {
    return (["stdout", "stderr"] as const)
      .filter((stream) => this.#partial[stream] !== "")
      .map((stream) => ({ stream, text: plain(this.#partial[stream]) }));
  }

  #take(stream: LogLine["stream"], bytes: Uint8Array, lines: LogLine[]): void {
    const pieces = (this.#partial[stream] + this.#decoders[stream].decode(bytes, { stream: true })).split("\n");
    this.#partial[stream] = pieces.pop() ?? "";
    for (const piece of pieces) lines.push({ stream, text: plain(piece) });
  }
}

/** OSC (title, clipboard, links), then DCS and its like, CSI (colours), other escapes, and control characters but tab. */
const controls = [
  "\\x1b\\][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\|$)",
  "\\x1b[PX^_][^\\x1b]*(?:\\x1b\\\\|$)",
  "\\x1b\\[[0-?]*[ -/]*[@-~]",
  "\\x1b[ -/]*[0-~]",
  "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]",
].map((source) => new RegExp(source, "g"));

/** Logs are text here: what would steer a terminal is left out. */
export function plain(text: string): string {
  return controls.reduce((rest, pattern) => rest.replace(pattern, ""), text);
}
