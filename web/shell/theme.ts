/** Light or dark: the system's setting first, a remembered choice second. */
import { remember, remembered } from "../state/settings.ts";

export type ThemeChoice = "system" | "light" | "dark";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export const themeChoice = (): ThemeChoice => remembered<ThemeChoice>("theme", "system");
export const effectiveTheme = (): "light" | "dark" => {
  const choice = themeChoice();
  return choice === "system" ? (system.matches ? "dark" : "light") : choice;
};

function apply(): void {
  document.documentElement.dataset.theme = effectiveTheme();
  for (const listener of listeners) listener();
}

export function chooseTheme(choice: ThemeChoice): void {
  remember("theme", choice);
  apply();
}

export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function startTheme(): void {
  system.addEventListener("change", apply);
  apply();
}
