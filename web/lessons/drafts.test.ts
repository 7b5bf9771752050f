import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { draftName, openDraft, packDraft, readDraft, saveDraft, unpackDraft } from "./drafts.ts";

describe("a lesson that is being written", () => {
  it("begins as one that keeps to the format", () => {
    expect(readDraft(openDraft("tides"))).toMatchObject({ ok: true, value: { title: "tides" } });
  });

  it("says which line is wrong, and which text is missing", () => {
    const files = openDraft("tides");
    expect(readDraft({ ...files, "lesson.yaml": "title: 3\n" })).toMatchObject({
      ok: false,
      problems: [{ line: 1 }, {}, {}, {}, {}],
    });
    expect(readDraft({ "lesson.yaml": files["lesson.yaml"] ?? "" })).toMatchObject({
      ok: false,
      problems: [{ message: "01.md is named in lesson.yaml, but is not in the folder" }],
    });
  });

  it("is kept, packed and unpacked", () => {
    saveDraft("tides", { ...openDraft("tides"), "02.md": "More." });
    expect(unpackDraft(packDraft("tides", openDraft("tides")))).toEqual(openDraft("tides"));
  });

  it("takes nothing out of an archive that cannot be a lesson's", () => {
    const archive = zipSync({
      "x/lesson.yaml": strToU8("title: x"),
      "x/../../evil.sh": strToU8("rm"),
      "x/__proto__": strToU8("{}"),
      "x/huge.md": new Uint8Array(5_000_000),
    });
    expect(Object.keys(unpackDraft(archive))).toEqual(["lesson.yaml"]);
    expect(() => unpackDraft(zipSync({ "a.md": strToU8("a") }))).toThrow("There is no lesson.yaml");
    expect(() => unpackDraft(strToU8("no archive"))).toThrow();
  });

  it("has a name that an address can carry", () => {
    expect([draftName("Tides & Locks!"), draftName("../.."), draftName("")]).toEqual([
      "tides-locks",
      "my-lesson",
      "my-lesson",
    ]);
  });
});
