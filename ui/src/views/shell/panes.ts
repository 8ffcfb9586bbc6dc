/** Moves the focus to the next part of the window (F6). */
export function nextPane(): void {
  const panes = [...document.querySelectorAll<HTMLElement>("[data-pane]")].filter((pane) => pane.offsetParent !== null);
  const at = panes.findLastIndex((pane) => pane.contains(document.activeElement));
  const next = panes[(at + 1) % panes.length];
  const inside = next?.querySelector<HTMLElement>('[tabindex="0"], button, input, a[href]');
  (inside ?? next)?.focus();
}
