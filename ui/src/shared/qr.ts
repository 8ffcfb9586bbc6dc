/** A path over the dark modules of a QR code, given as rows of `0` and `1`; runs in a row are one rectangle. */
export function qrPath(rows: readonly string[]): string {
  const parts: string[] = [];
  rows.forEach((row, y) => {
    for (const run of row.matchAll(/1+/g)) {
      const width = run[0].length;
      parts.push(`M${run.index} ${y}h${width}v1h-${width}z`);
    }
  });
  return parts.join("");
}
