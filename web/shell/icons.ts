import { html, svg, type TemplateResult } from "lit";

const paths = {
  play: "M5 3.5v9l7-4.5z",
  stop: "M4 4h8v8H4z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  trash: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
  term: "M2 3h12v10H2zM4.5 6l2 2-2 2M8.5 10h3",
  more: "M3 7.5a.5.5 0 1 0 .01 0zM8 7.5a.5.5 0 1 0 .01 0zM13 7.5a.5.5 0 1 0 .01 0z",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.2 3L13 4.5",
  warn: "M8 2.5l6 10.5H2zM8 6.5v3M8 11.2v.1",
  clock: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2zM8 5v3.2l2 1.3",
  box: "M2.5 5L8 2.2 13.5 5v6L8 13.8 2.5 11zM2.5 5L8 7.8 13.5 5M8 7.8v6",
  layers: "M8 2L14 5.2 8 8.4 2 5.2zM2.5 8L8 11l5.5-3M2.5 10.8L8 13.8l5.5-3",
  disk: "M2.5 4.2c0-1 2.5-1.8 5.5-1.8s5.5.8 5.5 1.8-2.5 1.8-5.5 1.8-5.5-.8-5.5-1.8zM2.5 4.2v7.6c0 1 2.5 1.8 5.5 1.8s5.5-.8 5.5-1.8V4.2M2.5 8c0 1 2.5 1.8 5.5 1.8S13.5 9 13.5 8",
  net: "M8 4v4M4 8.5V8h8v.5M2.5 9h3v3h-3zM10.5 9h3v3h-3zM6.5 2h3v2.5h-3z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  folder: "M2 4h4l1.5 1.5H14V13H2z",
  folderUp: "M2 4h4l1.5 1.5H14V13H2zM8 11.5v-4M6 9l2-2 2 2",
  contrast: "M8 2.2a5.8 5.8 0 1 0 0 11.6A5.8 5.8 0 0 0 8 2.2zM8 2.5v11M10 4v8M12 6v4",
  hood: "M2.5 11.5h11M4 11.5V9a4 4 0 0 1 8 0v2.5M8 5V3M4.8 6.2L3.4 4.8M11.2 6.2l1.4-1.4",
  share: "M8 9.5V2.5M5.5 5L8 2.5 10.5 5M4 7.5H3v6h10v-6h-1",
  search: "M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4zM10 10l3.5 3.5",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.8v1.4M8 12.8v1.4M1.8 8h1.4M12.8 8h1.4M3.6 3.6l1 1M11.4 11.4l1 1M12.4 3.6l-1 1M4.6 11.4l-1 1",
  back: "M6.5 4L2.5 8l4 4M2.5 8h11",
  forward: "M9.5 4l4 4-4 4M13.5 8h-11",
  reload: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  out: "M9 3h4v4M13 3L7.5 8.5M11 9v4H3V5h4",
  right: "M6 3.5L10.5 8 6 12.5",
  left: "M10 3.5L5.5 8 10 12.5",
  down: "M3.5 6L8 10.5 12.5 6",
  up: "M3.5 10L8 5.5 12.5 10",
  bulb: "M6 12h4M6.5 14h3M8 2a4 4 0 0 1 2.2 7.3c-.5.4-.7.9-.7 1.4v.3h-3v-.3c0-.5-.2-1-.7-1.4A4 4 0 0 1 8 2z",
  book: "M8 4c-1.5-1-3.5-1.2-5.5-1v9.5c2-.2 4 0 5.5 1 1.5-1 3.5-1.2 5.5-1V3c-2-.2-4 0-5.5 1zM8 4v9.5",
  rewind: "M8 4L3.5 8 8 12zM13 4L8.5 8 13 12z",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  ports: "M3 8h10M9 4l4 4-4 4M3 4v8",
  gauge: "M2.5 12a6 6 0 1 1 11 0M8 11l3-4M8 11h.01",
  download: "M8 2.5v7M5 7l3 3 3-3M3 13h10",
  upload: "M8 10V2.5M5 5.5l3-3 3 3M3 13h10",
  save: "M8 2.5v7M5 7l3 3 3-3M3 13h10",
  expand: "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5l-5 5M2.5 13.5l5-5",
  restore: "M9 7h4M9 7V3M13.5 2.5L9 7M7 9H3M7 9v4M2.5 13.5L7 9",
  split: "M2 3h12v10H2zM8 3v10",
  unsplit: "M2 3h12v10H2zM8 3v10M10 6.5l3 3M13 6.5l-3 3",
  edit: "M3 13l.5-3L11 2.5 13.5 5 6 12.5z",
  retry: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
} as const;

export type IconName = keyof typeof paths;

export const icon = (name: IconName): TemplateResult =>
  html`<svg class="i" viewBox="0 0 16 16" aria-hidden="true">${svg`<path d=${paths[name]} />`}</svg>`;

export const logo = html`<svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"><path d="M1.5 6.5v11h17v-11" /><path d="M5 14V9.5h10V14l-2 3.4H7z" fill="var(--accent)" /><path d="M10 9.5V2.5L15.5 5" /></svg>`;
