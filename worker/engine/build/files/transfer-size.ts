/** How many bytes BuildKit counts when a client sends files: fsutil's packets, as protobuf writes them. */
export interface SentFile {
  readonly path: string;
  readonly size: number;
}

/** Each file is told of, sent in one piece and ended; then the sender says that it is done. */
export const transferSize = (files: readonly SentFile[]): number =>
  files.reduce((sum, file, id) => sum + statSize(file) + dataSize(file.size, id) + packet(id, 0), fin);

const fin = 2;
const varint = (value: number): number => Math.max(1, Math.ceil((Math.floor(Math.log2(Math.max(1, value))) + 1) / 7));
const bytesField = (length: number): number => (length === 0 ? 0 : 1 + varint(length) + length);
/** A packet's type takes two bytes, its file's number none where it is 0. */
const packet = (id: number, content: number): number => 2 + (id === 0 ? 0 : 1 + varint(id)) + content;
const dataSize = (size: number, id: number): number => (size === 0 ? 0 : packet(id, bytesField(size)));
/** Mode (two digits of 7 bits for any file's permissions) and time of change in nanoseconds (nine) with their tags. */
const modeAndTime = 3 + 10;

function statSize({ path, size }: SentFile): number {
  const stat = bytesField(new TextEncoder().encode(path).length) + modeAndTime + (size === 0 ? 0 : 1 + varint(size));
  return bytesField(stat);
}
