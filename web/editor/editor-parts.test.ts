import { describe, expect, it } from "vitest";
import { composeProblems, levelAt } from "./compose-service.ts";
import { copyBeforeInstall } from "./dockerfile-advice.ts";
import { OpenDocument } from "./document.ts";
import { languageOf } from "./languages.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function setUp(initial: string) {
  const disk = { text: initial, writes: 0, failing: false };
  const replaced: string[] = [];
  const document = new OpenDocument(
    "a.txt",
    {
      read: async () => bytes(disk.text),
      write: async (_, content) => {
        if (disk.failing) throw new Error("no space left on device");
        disk.writes += 1;
        disk.text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(content);
      },
    },
    { onState: () => {}, onReplaced: (text) => void replaced.push(text) },
  );
  return { disk, document, replaced };
}

describe("an open file", () => {
  it("is written once after it was edited, and not when nothing changed", async () => {
    const { disk, document } = setUp("one");
    await document.load();
    document.edited("two");
    await Promise.all([document.save(), document.save()]);
    expect([disk.text, disk.writes, document.state.kind]).toEqual(["two", 1, "saved"]);
  });

  it("takes over a change of the machine when nothing here is unsaved", async () => {
    const { disk, document, replaced } = setUp("one");
    await document.load();
    disk.text = "theirs";
    await document.changedOutside();
    expect(replaced).toEqual(["theirs"]);
    expect(document.state.kind).toBe("saved");
  });

  it("keeps both when both changed, until a person chooses", async () => {
    const { disk, document, replaced } = setUp("one");
    await document.load();
    document.edited("mine");
    disk.text = "theirs";
    await document.changedOutside();
    await document.save();
    expect([document.state.kind, disk.text]).toEqual(["conflict", "theirs"]);
    await document.keepMine();
    expect([document.state.kind, disk.text]).toEqual(["saved", "mine"]);
    disk.text = "theirs again";
    document.edited("mine again");
    await document.changedOutside();
    document.takeTheirs();
    expect(replaced).toEqual(["theirs again"]);
  });

  it("says why it was not saved, and can try again", async () => {
    const { disk, document } = setUp("one");
    await document.load();
    document.edited("two");
    disk.failing = true;
    await document.save();
    expect(document.state).toEqual({ kind: "failed", message: "no space left on device" });
    disk.failing = false;
    await document.save();
    expect([document.state.kind, disk.text]).toEqual(["saved", "two"]);
  });
});

describe("a file that is no text", () => {
  it.each([
    ["a zero byte", new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1])],
    ["another encoding than UTF-8", new Uint8Array([0x63, 0x61, 0x66, 0xe9])],
  ])("is refused for %s, so that it is never written back changed", async (_, bytes) => {
    const nothing = { onState: () => {}, onReplaced: () => {} };
    const document = new OpenDocument("a.out", { read: async () => bytes, write: async () => {} }, nothing);
    await expect(document.load()).rejects.toThrow("not text in UTF-8");
  });

  it("keeps its byte order mark", async () => {
    const { disk, document } = setUp("\ufeffone");
    expect(await document.load()).toBe("\ufeffone");
    document.edited("\ufefftwo");
    await document.save();
    expect(disk.text).toBe("\ufefftwo");
  });
});

describe("a file that is deleted on the machine", () => {
  it("can be closed when nothing here was unsaved, and waits for a choice when something was", async () => {
    const { disk, document } = setUp("one");
    await document.load();
    expect(document.removedOutside()).toBe(true);
    document.edited("mine");
    expect(document.removedOutside()).toBe(false);
    await document.save();
    expect([document.state.kind, disk.text]).toEqual(["gone", "one"]);
    await document.writeAgain();
    expect([document.state.kind, disk.text]).toEqual(["saved", "mine"]);
  });

  it("is given up with what was not written, when that is the choice", async () => {
    const { disk, document } = setUp("one");
    await document.load();
    document.edited("mine");
    document.removedOutside();
    document.discard();
    await document.save();
    expect(disk.text).toBe("one");
  });
});

describe("languages", () => {
  it("are known by the file's name", () => {
    expect(
      [
        "Dockerfile",
        "app/Dockerfile.dev",
        "compose.yaml",
        "docker-compose.override.yml",
        "ci.yml",
        "run.sh",
        "README",
      ].map(languageOf),
    ).toEqual(["dockerfile", "dockerfile", "compose", "compose", "yaml", "shell", "text"]);
  });

  it("knows which keys stand where in a Compose file", () => {
    const lines = ["services:", "  web:", "    image: nginx", "    build:", "      context: .", "volumes:", "  data:"];
    expect([0, 1, 2, 4, 6].map((row) => levelAt(lines, row))).toEqual([
      "top",
      undefined,
      "service",
      "build",
      undefined,
    ]);
  });

  it("finds what Compose does not know, and leaves extensions alone", () => {
    const problems = composeProblems("services:\n  web:\n    image: nginx\n    imgae: x\n    x-own: 1\nnetwroks: {}\n");
    expect(problems.map(({ message }) => message)).toEqual([
      "Compose knows no service attribute “imgae”.",
      "Compose knows no top-level element “netwroks”.",
    ]);
    expect(composeProblems("services:\n  web: [").length).toBeGreaterThan(0);
  });

  it("advises against copying everything before packages are installed", () => {
    const slow = "FROM python\nCOPY . /app\nRUN pip install -r requirements.txt\n";
    expect(copyBeforeInstall(slow).map(({ from, to }) => slow.slice(from, to))).toEqual(["COPY . /app"]);
    expect(
      copyBeforeInstall("FROM python\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"),
    ).toEqual([]);
    expect(copyBeforeInstall("FROM a\nCOPY . .\nFROM b\nRUN npm ci\n")).toEqual([]);
  });
});
