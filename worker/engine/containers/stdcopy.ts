/**
 * Docker's multiplexed stream: frames of one byte stream number (0 stdin, 1 stdout, 2 stderr), three zero bytes, a big-endian
 * length, and the payload (moby's stdcopy).
 */
export type StreamName = "stdout" | "stderr";
const numbers: Readonly<Record<StreamName, number>> = { stdout: 1, stderr: 2 };

export function frame(stream: StreamName, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(8 + data.length);
  out[0] = numbers[stream];
  new DataView(out.buffer).setUint32(4, data.length);
  out.set(data, 8);
  return out;
}
