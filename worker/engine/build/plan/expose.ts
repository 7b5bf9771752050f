/** EXPOSE: a port or a range of them, with a protocol; host parts are tolerated and reported. */
import { DockerfileError } from "../dockerfile/index.ts";

const fail = (message: string): DockerfileError => new DockerfileError(message);

export interface ExposedPorts {
  readonly ports: readonly string[];
  readonly hasHostPart: boolean;
  readonly protocol: string;
}

export function parseExpose(text: string): ExposedPorts {
  const [spec = "", protocol = ""] = text.split("/", 2);
  if (spec === "") throw fail("no port specified");
  if (!/^(|tcp|udp|sctp)$/i.test(protocol)) throw fail(`invalid proto: ${protocol}`);
  const parts = spec.split(":");
  const container = parts.at(-1) ?? "";
  if (container === "") throw fail(`no port specified: ${text}<empty>`);
  const match = /^(\d+)(?:-(\d+))?$/.exec(container);
  const start = Number(match?.[1]);
  const end = Number(match?.[2] ?? match?.[1]);
  if (match === null || start > 65535 || end > 65535 || end < start) throw fail(`invalid containerPort: ${container}`);
  const ports = Array.from({ length: end - start + 1 }, (_, i) => `${start + i}/${protocol.toLowerCase() || "tcp"}`);
  return { ports, hasHostPart: parts.length > 1, protocol };
}
