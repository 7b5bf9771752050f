import { describe, expect, it } from "vitest";
import { humanSize, portList, shellQuote } from "./format.ts";
import { LogParser, plain } from "./log-stream.ts";

const frame = (stream: number, text: string): Uint8Array => {
  const bytes = new TextEncoder().encode(text);
  return Uint8Array.from([stream, 0, 0, 0, 0, 0, bytes.length >> 8, bytes.length & 255, ...bytes]);
};

describe("values in Docker's words", () => {
  it("prints sizes as docker images does", () => {
    expect([0, 999, 1000, 10_072, 1_840_000, 132_500_000].map(humanSize)).toEqual([
      "0B",
      "999B",
      "1kB",
      "10.1kB",
      "1.84MB",
      "133MB",
    ]);
  });

  it("lists a port once that is published on IPv4 and IPv6", () => {
    const port = { PrivatePort: 80, PublicPort: 8080, Type: "tcp" as const };
    expect(
      portList([
        { ...port, IP: "0.0.0.0" },
        { ...port, IP: "::" },
        { PrivatePort: 443, Type: "tcp" },
      ]),
    ).toEqual(["8080 → 80"]);
  });

  it("quotes what a shell would take apart", () => {
    expect(["web", "a b", "it's", "$(reboot)", "A=b"].map(shellQuote)).toEqual([
      "web",
      "'a b'",
      "'it'\\''s'",
      "'$(reboot)'",
      "A=b",
    ]);
  });
});

describe("a container's log", () => {
  it("takes a multiplexed stream apart, wherever it was cut", () => {
    const bytes = Uint8Array.from([...frame(1, "one\ntw"), ...frame(2, "bad\n"), ...frame(1, "o\nthree")]);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const parser = new LogParser(true);
      const lines = [...parser.push(bytes.slice(0, cut)), ...parser.push(bytes.slice(cut)), ...parser.end()];
      expect(lines.filter(({ stream }) => stream === "stdout").map(({ text }) => text)).toEqual([
        "one",
        "two",
        "three",
      ]);
      expect(lines.filter(({ stream }) => stream === "stderr").map(({ text }) => text)).toEqual(["bad"]);
    }
  });

  it("shows text and nothing that would steer a terminal", () => {
    expect(plain("\x1b]0;title\x07a\x1b[31mred\x1b[0m")).toBe("ared");
    expect(plain("\x1b]52;c;aGk=\x1b\\b")).toBe("b");
    expect(plain('\x1bP$q"p\x1b\\c')).toBe("c");
    expect(plain("\x1b]8;;http://evil\x07link\x1b]8;;\x07")).toBe("link");
    expect(plain("tab\there\r\x9b31m")).toBe("tab\there31m");
  });
});
