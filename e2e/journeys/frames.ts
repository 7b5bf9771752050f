/** The longest time between two frames of the page, in milliseconds. */
import type { Page } from "playwright-core";

/** As text: what compiles this file must not put its own helpers into it. */
const script = `
  window.drydockFrames = { longest: 0, frames: 0 };
  let last = performance.now();
  const next = (now) => {
    window.drydockFrames.longest = Math.max(window.drydockFrames.longest, now - last);
    window.drydockFrames.frames += 1;
    last = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
`;

export async function watchFrames(page: Page): Promise<void> {
  await page.evaluate(script);
}

export async function longestFrame(page: Page): Promise<number> {
  return await page.evaluate(() => (window as unknown as { drydockFrames: { longest: number } }).drydockFrames.longest);
}
