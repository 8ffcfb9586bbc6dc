/** The rows to have on hand: those in view, a few around them, and one that keeps the focus wherever it is. */
export function rowsFor(top: number, height: number, rowHeight: number, total: number, kept: number, around = 4): number[] {
  const first = Math.max(0, Math.floor(top / rowHeight) - around);
  const last = Math.min(total - 1, Math.ceil((top + height) / rowHeight) + around);
  const rows = Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n);
  if (kept >= 0 && kept < first && kept < total) rows.unshift(kept);
  else if (kept > last && kept < total) rows.push(kept);
  return rows;
}
