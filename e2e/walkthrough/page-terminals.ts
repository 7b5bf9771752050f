/** The page's own terminals as a person uses them: tabs, keys, what is to be seen, and the status that the next prompt tells. */
import type { Page } from "playwright-core";

/** How long anything is waited for. */
const patience = 90_000;

/** The prompt tells the number of the next command and what the last one ended with; each command's output starts on an empty terminal. */
const preparation = "PS0='\\e[H\\e[2J\\e[3J' PS1='#\\#:$? $ '";
const atPrompt = /#(\d+):(\d+) \$ $/;

/** Control characters, and the keys that send them. */
const keys: Readonly<Record<string, string>> = {
  "\r": "Enter",
  "\u0003": "Control+c",
  "\u0010": "Control+p",
  "\u0011": "Control+q",
};

const control = new RegExp(`([${Object.keys(keys).join("")}])`);

export interface Ended {
  readonly code: number;
  /** What stood in the terminal above the next prompt. */
  readonly text: string;
}

export class Tab {
  readonly #page: Page;
  readonly #index: number;
  /** Of the next command. */
  #number = 0;
  busy = false;

  private constructor(page: Page, index: number) {
    this.#page = page;
    this.#index = index;
  }

  /** The tab at a place in the list, whose shell stands at its first prompt. */
  static async prepare(page: Page, index: number): Promise<Tab> {
    const tab = new Tab(page, index);
    await tab.show();
    await tab.sees(/\$ $/);
    await tab.type(`${preparation}\r`);
    tab.#number = Number(atPrompt.exec(await tab.sees(atPrompt))?.[1]);
    return tab;
  }

  async show(): Promise<void> {
    const tab = this.#page.getByRole("tablist", { name: "Terminals" }).getByRole("tab").nth(this.#index);
    if ((await tab.getAttribute("aria-selected")) !== "true") await tab.click();
    await this.#page
      .getByRole("textbox", { name: /^Terminal/ })
      .first()
      .focus();
  }

  /** Text at once, control characters as the keys they are. */
  async type(text: string): Promise<void> {
    for (const part of text.split(control)) {
      const key = keys[part];
      if (key !== undefined) await this.#page.keyboard.press(key);
      else if (part !== "") await this.#page.keyboard.insertText(part);
    }
  }

  text(): Promise<string> {
    return this.#page.evaluate(() =>
      (globalThis as unknown as { drydockTerminalTextToCursor(): string }).drydockTerminalTextToCursor(),
    );
  }

  /** Waits until the terminal shows something, and gives all it shows then. */
  async sees(wanted: RegExp, timeout = patience): Promise<string> {
    try {
      await this.#page.waitForFunction(
        ([source, flags]) =>
          new RegExp(source, flags).test(
            (globalThis as unknown as { drydockTerminalTextToCursor(): string }).drydockTerminalTextToCursor(),
          ),
        [wanted.source, wanted.flags] as const,
        { timeout },
      );
    } catch {
      throw new Error(`the terminal does not show ${wanted}, but: ${await this.text()}`);
    }
    return await this.text();
  }

  /** Types a line; {@link ended} waits for its end. */
  async start(line: string): Promise<void> {
    this.busy = true;
    await this.show();
    await this.type(`${line}\r`);
    this.#number += 1;
  }

  async ended(): Promise<Ended> {
    await this.show();
    const text = await this.sees(new RegExp(`#${this.#number}:\\d+ \\$ $`));
    this.busy = false;
    return { code: Number(atPrompt.exec(text)?.[2]), text: text.replace(atPrompt, "") };
  }

  async run(line: string): Promise<Ended> {
    await this.start(line);
    return await this.ended();
  }
}

export class PageTerminals {
  readonly #page: Page;
  readonly #tabs: Tab[] = [];

  private constructor(page: Page) {
    this.#page = page;
  }

  /** On a page with one terminal. */
  static async open(page: Page): Promise<PageTerminals> {
    const terminals = new PageTerminals(page);
    terminals.#tabs.push(await Tab.prepare(page, 0));
    return terminals;
  }

  /** One whose shell is at its prompt; a new one where all are busy. */
  async free(): Promise<Tab> {
    const free = this.#tabs.find(({ busy }) => !busy);
    if (free !== undefined) return free;
    await this.#page.getByRole("button", { name: "New terminal" }).click();
    const tab = await Tab.prepare(this.#page, this.#tabs.length);
    this.#tabs.push(tab);
    return tab;
  }

  /** Runs a line in a terminal that is free. */
  async run(line: string): Promise<Ended> {
    return await (await this.free()).run(line);
  }
}
