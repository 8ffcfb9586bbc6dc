import { session } from "./session.svelte";

export type Theme = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";

const remembered = "tuttu.theme";

/** Before the settings are read: the theme this window had last, so that nothing flashes. */
export function earlyTheme(): void {
  apply(asTheme(localStorage.getItem(remembered) ?? ""), "comfortable");
  if (/Linux/.test(navigator.userAgent)) document.documentElement.dataset.os = "linux";
}

export function asTheme(value: string): Theme {
  return value === "light" || value === "dark" ? value : "system";
}

export function asDensity(value: string): Density {
  return value === "compact" ? "compact" : "comfortable";
}

/** Keeps the page in the theme and density of the settings. */
export function followTheme(): void {
  $effect(() => {
    if (session.settings.theme === undefined && session.settings.density === undefined) return;
    const theme = asTheme(session.settings.theme ?? "");
    localStorage.setItem(remembered, theme);
    apply(theme, asDensity(session.settings.density ?? ""));
  });
}

function apply(theme: Theme, density: Density): void {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  if (density === "compact") root.dataset.density = density;
  else delete root.dataset.density;
}
