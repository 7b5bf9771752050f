/** Light or dark, contrast, motion: the system's setting first, a remembered choice second. They stand at the root element. */
import { remember, remembered } from "../state/settings.ts";

export type ThemeChoice = "system" | "light" | "dark";
/** A preference that the system has too, turned on or off here. */
export type Preference = "contrast" | "motion";
type PreferenceChoice = "system" | "on" | "off";

const dark = matchMedia("(prefers-color-scheme: dark)");
const asked: Readonly<Record<Preference, MediaQueryList>> = {
  contrast: matchMedia("(prefers-contrast: more)"),
  motion: matchMedia("(prefers-reduced-motion: reduce)"),
};
const listeners = new Set<() => void>();

export const themeChoice = (): ThemeChoice => remembered<ThemeChoice>("theme", "system");
export const effectiveTheme = (): "light" | "dark" => {
  const choice = themeChoice();
  return choice === "system" ? (dark.matches ? "dark" : "light") : choice;
};

/** More contrast, less motion. */
export function prefers(preference: Preference): boolean {
  const choice = remembered<PreferenceChoice>(preference, "system");
  return choice === "system" ? asked[preference].matches : choice === "on";
}

function apply(): void {
  const { dataset } = document.documentElement;
  dataset.theme = effectiveTheme();
  dataset.contrast = prefers("contrast") ? "more" : "standard";
  dataset.motion = prefers("motion") ? "reduced" : "standard";
  for (const listener of listeners) listener();
}

export function chooseTheme(choice: ThemeChoice): void {
  remember("theme", choice);
  apply();
}

export function togglePreference(preference: Preference): void {
  remember(preference, prefers(preference) ? "off" : "on");
  apply();
}

export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function startTheme(): void {
  for (const query of [dark, ...Object.values(asked)]) query.addEventListener("change", apply);
  apply();
}
