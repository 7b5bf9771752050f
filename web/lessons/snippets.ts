/** Texts to paste elsewhere, that lead to a playground. */

/** The page itself, without what is open in it. */
export const siteAddress = (): string => new URL(location.pathname, location.href).href;

/** A picture that is a link, in Markdown. */
export const badgeMarkdown = (link: string, site = siteAddress()): string =>
  `[![Open in Drydock](${new URL("badge.svg", site).href})](${link})`;

/** The element with this link in it. Links hold only letters, digits, `-`, `_` and `.` behind the `#`. */
export function embedMarkup(link: string, site = siteAddress()): string {
  const { hash } = new URL(link);
  return `<script src="${new URL("embed.js", site).href}"></script>\n<drydock-playground link="${hash}"></drydock-playground>`;
}
