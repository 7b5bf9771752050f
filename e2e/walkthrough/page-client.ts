/** The third client of the walkthrough: a person at the page's terminals, whose lines are typed as they stand. */
import type { Client, Running } from "./clients.ts";
import type { PageTerminals, Tab } from "./page-terminals.ts";
import { withoutEscapes } from "./shown.ts";
import type { DetailedStep, Outcome } from "./step.ts";

export class PageClient implements Client {
  readonly #terminals: PageTerminals;
  /** Stands for {dir}. */
  readonly #dir: string;
  /** One pair of hands: nothing is typed while another terminal is in front. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(terminals: PageTerminals, dir: string) {
    this.#terminals = terminals;
    this.#dir = dir;
  }

  start(step: DetailedStep): Running {
    const began = this.#next(async () => {
      const tab = await this.#terminals.free();
      await tab.start(typed(step).replaceAll("{dir}", this.#dir));
      return tab;
    });
    const next = <T>(work: (tab: Tab) => Promise<T>): Promise<T> => this.#next(async () => await work(await began));
    let outcome: Promise<Outcome> | undefined;
    let interrupted = false;
    return {
      get outcome() {
        outcome ??= next(async (tab) => {
          await tab.show();
          await converse(tab, step);
          const { code, text } = await tab.ended();
          // The terminal shows the key that ended it.
          return { code, stdout: interrupted ? text.replace(/\^C\s*$/, "") : text, stderr: "" };
        });
        return outcome;
      },
      printed: (text) =>
        next(async (tab) => {
          await tab.show();
          await tab.sees(new RegExp(escaped(text)));
        }),
      soFar: () => "",
      // Out of turn: whoever waits for its end has it in front.
      signal: () => {
        interrupted = true;
        void began.then(async (tab) => {
          await tab.show();
          await tab.type("\u0003");
        });
      },
    };
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** What is given on standard input comes through a pipe. */
function typed({ line, stdin }: DetailedStep): string {
  return stdin === undefined ? line : `printf %s $'${stdin.replaceAll("\n", "\\n")}' | ${line}`;
}

/** Waits for each thing after the one before, and types the answer. */
async function converse(tab: Tab, { dialogue = [] }: DetailedStep): Promise<void> {
  let before = "";
  for (const [waitFor, answer] of dialogue) {
    before += `${escaped(withoutEscapes(waitFor).replaceAll("\r\n", "\n"))}[^]*`;
    await tab.sees(new RegExp(before.replace(/\[\^\]\*$/, "")));
    await tab.type(answer);
  }
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
