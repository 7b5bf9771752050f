/** How high the content would like to be: the text of the lesson, or enough for a terminal. */
const terminalHeight = 420;
const bars = 44 + 36;

export function watchHeight(tell: (height: number) => void): void {
  let last = 0;
  const measure = (): void => {
    const article = document.querySelector<HTMLElement>("dd-reader .lesson, .consent");
    const foot = document.querySelector<HTMLElement>("dd-reader .lfoot");
    const wanted = article === null ? 0 : contentHeight(article) + (foot?.offsetHeight ?? 0);
    const height = Math.round(Math.max(terminalHeight, wanted + bars));
    if (height === last) return;
    last = height;
    tell(height);
  };
  const sizes = new ResizeObserver(measure);
  const watched = new WeakSet<Element>();
  // What is read can come and go; each article is watched from when it stands in the page.
  new MutationObserver(() => {
    const article = document.querySelector("dd-reader .lesson, .consent");
    if (article !== null && !watched.has(article)) {
      watched.add(article);
      for (const child of article.children) sizes.observe(child);
    }
    measure();
  }).observe(document.body, { childList: true, subtree: true });
  measure();
}

/** Of what is in it: the article itself is stretched to its pane. */
function contentHeight(article: HTMLElement): number {
  const last = article.lastElementChild;
  return last === null ? 0 : last.getBoundingClientRect().bottom - article.getBoundingClientRect().top + 20;
}
