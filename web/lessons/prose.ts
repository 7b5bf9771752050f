/**
 * Markdown as elements. The text is taken apart by marked's lexer and put together as templates: markup in a lesson is shown as the
 * text it is, and an address is only followed when it is one of the page's own or plain http(s).
 */
import { html, nothing, type TemplateResult } from "lit";
import { marked, type Token, type Tokens } from "marked";
import { icon } from "../shell/icons.ts";
import { Terms } from "./terms.ts";

/** Characters of code that stand on one line: a flag is not broken after its dash. */
const longestWhole = 24;

export interface ProseActions {
  run(line: string): void;
  copy(text: string): void;
  save(path: string, text: string): void;
  /** The address of a picture that the text names, where it may be shown. */
  picture?(href: string): string | undefined;
}

type Part = TemplateResult | string | typeof nothing;

/** `glossary`: words that are explained where they first stand. */
export function prose(
  text: string,
  actions: ProseActions,
  glossary: Readonly<Record<string, string>> = {},
): readonly Part[] {
  return blocks(marked.lexer(text, { gfm: true }), { ...actions, terms: new Terms(glossary) });
}

interface Drawing extends ProseActions {
  readonly terms: Terms;
}

/** A picture beside the lesson, from the same server: a lesson does not tell others who reads it. */
export function pictureBeside(lesson: string, href: string): string | undefined {
  if (/^[a-z]+:|^\/\//i.test(href) && !/^https?:\/\//i.test(href)) return undefined;
  try {
    const [base, url] = [new URL(lesson), new URL(href, lesson)];
    return url.origin === base.origin && /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** One line of Markdown, such as a task's goal. */
export function inlineProse(text: string): readonly Part[] {
  const [first] = marked.lexer(text, { gfm: true });
  return first !== undefined && "tokens" in first ? inline((first as Tokens.Paragraph).tokens) : [text];
}

/** The address when following it is harmless. */
export function safeAddress(href: string): string | undefined {
  if (href.startsWith("#/")) return href;
  return /^https?:\/\//i.test(href) ? href : undefined;
}

function blocks(tokens: readonly Token[], actions: Drawing): readonly Part[] {
  return tokens.map((token): Part => block(token, actions));
}

function block(token: Token, actions: Drawing): Part {
  switch (token.type) {
    case "space":
    case "def":
      return nothing;
    case "heading":
      return html`<h2>${inline((token as Tokens.Heading).tokens)}</h2>`;
    case "paragraph":
      return html`<p>${inline((token as Tokens.Paragraph).tokens, actions)}</p>`;
    case "text": {
      const { tokens, text } = token as Tokens.Text;
      return html`${tokens === undefined ? text : inline(tokens, actions)}`;
    }
    case "blockquote":
      return html`<div class="note">${icon("bulb")}<div>${blocks((token as Tokens.Blockquote).tokens, actions)}</div></div>`;
    case "list": {
      const { ordered, items } = token as Tokens.List;
      const entries = items.map((item) => html`<li>${blocks(item.tokens, actions)}</li>`);
      return ordered ? html`<ol>${entries}</ol>` : html`<ul>${entries}</ul>`;
    }
    case "code":
      return fence(token as Tokens.Code, actions);
    case "table":
      return table(token as Tokens.Table);
    case "hr":
      return html`<hr>`;
    default:
      return html`<p>${token.raw}</p>`;
  }
}

function table({ header, rows }: Tokens.Table): TemplateResult {
  return html`<table class="plain"><thead><tr>${header.map((cell) => html`<th scope="col">${inline(cell.tokens)}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${inline(cell.tokens)}</td>`)}</tr>`)}</tbody></table>`;
}

/** "sh" can be run line by line; a language and a path make a file that can be saved; all else is only shown. */
function fence({ lang = "", text }: Tokens.Code, actions: ProseActions): TemplateResult {
  const [language = "", path] = lang.trim().split(/\s+/);
  if (language === "sh" && path === undefined)
    return html`<div class="stack fences">${commandLines(text).map(
      (line) => html`<div class="fence"><code>${line}</code>
        <button class="btn s" aria-label="Run ${line}" @click=${() => actions.run(line)}>${icon("play")}Run</button>
        <button class="ib s" aria-label="Copy ${line}" title="Copy" @click=${() => actions.copy(line)}>${icon("copy")}</button></div>`,
    )}</div>`;
  return html`<figure class="fence file">${path === undefined ? nothing : html`<figcaption>${path}</figcaption>`}<code tabindex="0">${text}</code>
    ${path === undefined ? nothing : html`<button class="btn s" aria-label="Save ${path}" @click=${() => actions.save(path, text)}>${icon("save")}Save</button>`}
    <button class="ib s" aria-label="Copy this text" title="Copy" @click=${() => actions.copy(text)}>${icon("copy")}</button></figure>`;
}

/** Lines that belong together by a backslash at the end stay together. */
export function commandLines(text: string): readonly string[] {
  return text
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
}

function explained(text: string, terms: Terms | undefined): Part {
  const found = terms?.next(text);
  if (found === undefined) return text;
  const id = `term-${found.term.toLowerCase().replaceAll(/\W+/g, "-")}-${nextTerm++}`;
  return html`${found.before}<button class="term" popovertarget=${id} aria-label="${found.term}: what it is">${found.term}</button><span popover id=${id} class="term-note" role="note">${found.meaning}</span>${explained(found.after, terms)}`;
}
let nextTerm = 0;

function inline(tokens: readonly Token[] = [], drawing?: Drawing): readonly Part[] {
  return tokens.map((token): Part => {
    switch (token.type) {
      case "strong":
        return html`<b>${inline((token as Tokens.Strong).tokens)}</b>`;
      case "em":
        return html`<em>${inline((token as Tokens.Em).tokens)}</em>`;
      case "del":
        return html`<s>${inline((token as Tokens.Del).tokens)}</s>`;
      case "codespan": {
        const { text } = token as Tokens.Codespan;
        return html`<code class=${text.length > longestWhole ? "" : "whole"}>${text}</code>`;
      }
      case "br":
        return html`<br>`;
      case "escape":
        return (token as Tokens.Escape).text;
      case "link": {
        const { href, tokens: inner } = token as Tokens.Link;
        const address = safeAddress(href);
        if (address === undefined) return html`${inline(inner)}`;
        return address.startsWith("#")
          ? html`<a href=${address}>${inline(inner)}</a>`
          : html`<a href=${address} target="_blank" rel="noopener noreferrer">${inline(inner)}</a>`;
      }
      case "image": {
        const { href, text } = token as Tokens.Image;
        const address = drawing?.picture?.(href);
        if (address === undefined) return html`<em>${text}</em>`;
        return html`<img src=${address} alt=${text} loading="lazy" referrerpolicy="no-referrer">`;
      }
      case "text": {
        const { tokens: inner, text } = token as Tokens.Text;
        return inner === undefined ? explained(text, drawing?.terms) : html`${inline(inner, drawing)}`;
      }
      default:
        return token.raw;
    }
  });
}
