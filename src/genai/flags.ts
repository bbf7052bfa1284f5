/** What a reading says of itself, a closed list; `docs/dialects.md` tells what each means. */
export const readingFlags = {
  usage_convention_inferred_exclusive: "The numbers prove that the emitter's input leaves the cache out; it was added.",
  usage_reasoning_added: "The numbers prove that the emitter's output leaves reasoning out; it was added.",
  usage_total_only: "Only a total of tokens was told; it stands as input.",
  usage_names_differ:
    "Two names of one quantity differ on the span; the one of the better dialect, or the newer one, counts.",
  sampled_trace: "The trace state says that only a share of the traces is sent: spend that is made of them is too low.",
  provider_inferred_from_model: "Nothing names the provider; it was taken from the family of the model.",
} as const;
export type ReadingFlag = keyof typeof readingFlags;
