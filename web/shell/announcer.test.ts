import { describe, expect, it } from "vitest";
import { Announcer } from "./announcer.ts";

function setUp() {
  const said: string[] = [];
  const timers: (() => void)[] = [];
  const announcer = new Announcer(
    (text) => said.push(text),
    (_, work) => timers.push(work),
  );
  return { said, announcer, later: () => timers.shift()?.(), waiting: () => timers.length };
}

describe("what is said of containers that come and go", () => {
  it("is said at once of one", () => {
    const { said, announcer } = setUp();
    announcer.tell("started", "web started.");
    expect(said).toEqual(["web started."]);
  });

  it("is a number for those that follow within a second, and a name for a single one", () => {
    const { said, announcer, later } = setUp();
    for (const name of ["web", "db", "cache"]) announcer.tell("started", `${name} started.`);
    announcer.tell("ended", "job ended with exit code 1.");
    later();
    expect(said).toEqual(["web started.", "2 containers started.", "job ended with exit code 1."]);
  });

  it("keeps counting while the burst goes on, and begins anew after a quiet second", () => {
    const { said, announcer, later, waiting } = setUp();
    announcer.tell("started", "a started.");
    announcer.tell("started", "b started.");
    later();
    announcer.tell("started", "c started.");
    announcer.tell("started", "d started.");
    later();
    later();
    expect(waiting()).toBe(0);
    announcer.tell("started", "e started.");
    expect(said).toEqual(["a started.", "b started.", "2 containers started.", "e started."]);
  });
});
