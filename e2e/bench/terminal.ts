import type { Page } from "playwright-core";

/** Waits until the active terminal shows the text, as the page offers it to tests and screen readers. */
export async function terminalShows(page: Page, text: string): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      (globalThis as { drydockTerminalText?: () => string }).drydockTerminalText?.().includes(wanted) === true,
    text,
    { timeout: 120_000, polling: 20 },
  );
}
