/** What can have the focus, does nothing final, and is no text field, in which single keys would type instead of act. */
const stops = [
  '[role="option"][tabindex="0"]',
  "button:not(:disabled, .primary, .danger, .danger-solid, .choice)",
  "a[href]",
  'input:is([type="radio"], [type="checkbox"]):not(:disabled)',
  "select:not(:disabled)",
  '[tabindex="0"]:not(input, textarea)',
];

/** Whether nothing has the focus at the moment, because what had it is gone. */
function focusIsFree(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** The same, once whatever is moving the focus just now has moved it: while a field is left, nothing has it for a moment. */
export async function focusStaysFree(): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve));
  return focusIsFree();
}

/** The best place for the focus in an element: the row a list stands at, or whatever comes first. */
export function homeIn(element: Element): HTMLElement | null {
  const row = element.querySelector<HTMLElement>(stops[0] ?? "");
  if (row) return row;
  for (const found of element.querySelectorAll<HTMLElement>(stops.join(","))) if (found.tabIndex >= 0) return found;
  return null;
}

/**
 * Keeps the focus in the window: when what had it goes away and nothing else takes it by the next frame, it goes to what is near.
 * Without this a keyboard or a screen reader begins again at the top after each deleted field. Answers with a function that stops.
 */
export function keepFocus(root: HTMLElement = document.body): () => void {
  let path: Element[] = [];
  let frame = 0;

  function remember(event: FocusEvent) {
    path = [];
    for (let at = event.target instanceof Element ? event.target : null; at && at !== root; at = at.parentElement) path.push(at);
  }

  function mend() {
    frame = 0;
    if (!focusIsFree()) return;
    if (path[0]?.isConnected !== false) return;
    for (const near of path) {
      const home = near.isConnected ? homeIn(near) : null;
      if (!home) continue;
      home.focus({ preventScroll: true });
      return;
    }
  }

  const observer = new MutationObserver(() => {
    if (frame === 0 && path[0]?.isConnected === false) frame = requestAnimationFrame(mend);
  });
  root.addEventListener("focusin", remember);
  observer.observe(root, { childList: true, subtree: true });
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
    root.removeEventListener("focusin", remember);
  };
}
