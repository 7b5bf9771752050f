/** How long an announcement stays where screen readers look. */
const announcedMs = 5000;

/** One polite live region for what a person who does not look should learn. */
export function announce(text: string): void {
  const region = document.getElementById("live");
  if (region === null) return;
  // Beside what was said a moment ago, which a reader may not have come to yet.
  const line = document.createElement("span");
  line.textContent = `${text} `;
  region.append(line);
  setTimeout(() => line.remove(), announcedMs);
}
