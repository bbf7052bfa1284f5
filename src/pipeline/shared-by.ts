import type { Encoded } from "../core/batch.ts";

/** The same for several users, each of whom gives its memory back once: the last one does it. */
export function sharedBy(users: number, encoded: Encoded): Encoded {
  const { release } = encoded;
  if (release === undefined || users < 2) return encoded;
  let left = users;
  return {
    ...encoded,
    release: () => {
      left--;
      if (left === 0) release();
    },
  };
}
