const comparedCharsMax = 64;

/** `did you mean "http"?` when a name is near enough to be meant, else undefined. */
export function didYouMean(given: string, names: Iterable<string>): string | undefined {
  const name = nearest(given, names);
  return name === undefined ? undefined : `did you mean ${JSON.stringify(name)}?`;
}

/** The name with the fewest edits from what was given, when those are at most a third of it, and never more than three. */
export function nearest(given: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(3, Math.ceil(given.length / 3)) + 1;
  for (const name of names) {
    const edits = distance(given.toLowerCase(), name.toLowerCase());
    if (edits < fewest) {
      fewest = edits;
      best = name;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment). */
function distance(a: string, b: string): number {
  if (comparedCharsMax < a.length || comparedCharsMax < b.length) return Number.POSITIVE_INFINITY;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let edits = Math.min(
        (last[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = 1 < row && 1 < column && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) edits = Math.min(edits, (beforeLast[column - 2] ?? 0) + 1);
      line.push(edits);
    }
    beforeLast = last;
    last = line;
  }
  return last[b.length] ?? 0;
}
