// What each price of LiteLLM's file becomes, and why some become nothing. The names follow one grammar: what is
// counted, then optionally above how many tokens, then optionally in which service tier.
import type { PriceWord } from "./price-file.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Where an amount goes. */
export interface Place {
  readonly word: PriceWord;
  /** Total input tokens above which it holds; 0 for all requests. */
  readonly above: number;
  readonly tier: string;
}

/** Reads the names of fields, and remembers them: thousands of rows have the same. */
export class FieldReader {
  readonly #known = new Map<string, Field>();

  /** The place of a field of a row; undefined where it is no price, or one that is ignored. */
  placeOf(name: string, row: Fields): Place | undefined {
    const { place, use, above, tier } = this.#field(name);
    if (place || !use || !("wordIn" in use)) return place;
    const word = use.wordIn(row);
    return word && { word, above, tier };
  }

  /** Whether a rule of its own reads the field. */
  hasRule(name: string): boolean {
    return this.#field(name).hasRule;
  }

  /** Names that look like prices and that nobody has looked at, of all that were read. */
  get unknown(): readonly string[] {
    return [...this.#known.keys()].filter((name) => looksLikePrice(name) && !useOf(name));
  }

  #field(name: string): Field {
    const known = this.#known.get(name);
    if (known) return known;
    const field = readField(name);
    this.#known.set(name, field);
    return field;
  }
}

interface Field extends Omit<Place, "word"> {
  readonly use: FieldUse | undefined;
  readonly hasRule: boolean;
  /** Where the amount goes in every row; undefined where it depends on the row, or goes nowhere. */
  readonly place: Place | undefined;
}

function readField(name: string): Field {
  const { thousands, suffix } = parse(name);
  const tier = suffix === undefined ? "default" : (tiers[suffix] ?? suffix);
  const use = useOf(name);
  const above = thousands * 1000;
  const hasRule = use !== undefined && "used" in use;
  return { use, hasRule, above, tier, place: use && "word" in use ? { word: use.word, above, tier } : undefined };
}

export type FieldUse =
  | { readonly word: PriceWord }
  /** What a unit counts depends on what the model does; `as` says it. */
  | { readonly wordIn: (row: Fields) => PriceWord | undefined; readonly as: string }
  /** Read by a rule of its own. */
  | { readonly used: string }
  | { readonly ignored: string };

/** What becomes of a field, whatever its band and tier; undefined for one that nobody has looked at. */
export function useOf(field: string): FieldUse | undefined {
  return litellmFields[field] ?? litellmFields[parse(field).base];
}

/** Whether a field that the table does not know looks like a price. */
export function looksLikePrice(field: string): boolean {
  return /(?:^|_)(?:cost|costs|price|prices|pricing|uplift|multiplier)(?:_|$)/.test(field);
}

const tiers: Readonly<Record<string, string>> = { batches: "batch", flex: "flex", priority: "priority", fast: "fast" };

function parse(field: string) {
  const [, base = "", thousands, suffix] =
    /^(.*?)(?:_above_(\d+)k_tokens)?(?:_(batches|flex|priority|fast))?$/.exec(field) ?? [];
  return { base, thousands: Number(thousands ?? 0), suffix };
}

const isVideo = ({ mode }: Fields) => mode === "video_generation";
const isEmbedding = ({ mode }: Fields) => mode === "embedding";

/** Every price of the file, without `_above_Nk_tokens` and without the tier behind it. */
export const litellmFields: Readonly<Record<string, FieldUse>> = {
  input_cost_per_token: { word: "input" },
  output_cost_per_token: { word: "output" },
  output_cost_per_reasoning_token: { word: "reasoning" },
  citation_cost_per_token: { word: "citation" },
  cache_read_input_token_cost: { word: "cache_read" },
  // The old spelling, of DeepSeek's rows.
  input_cost_per_token_cache_hit: { word: "cache_read" },
  cache_creation_input_token_cost: { word: "cache_write" },
  cache_creation_input_token_cost_above_1hr: { word: "cache_write_1h" },
  cache_read_input_audio_token_cost: { word: "cache_read_audio" },
  cache_creation_input_audio_token_cost: {
    ignored: "usage does not tell written audio from written text; a write is priced as a write",
  },
  input_cost_per_audio_token: { word: "audio_in" },
  output_cost_per_audio_token: { word: "audio_out" },
  input_cost_per_image_token: { word: "image_in" },
  output_cost_per_image_token: { word: "image_out" },
  output_cost_per_video_token: { ignored: "usage has no video tokens; they are priced as output" },
  input_cost_per_second: {
    as: "`audio_seconds`; in chat it is reserved throughput, which is no price of a call",
    wordIn: (row) => (isVideo(row) || row["mode"] === "chat" ? undefined : "audio_seconds"),
  },
  output_cost_per_second: {
    as: "`video_seconds` of video models, else `audio_seconds` where the row has no other price for them: a second is billed once",
    wordIn(row) {
      if (isVideo(row)) return "video_seconds";
      return row["mode"] === "chat" || row["input_cost_per_second"] !== undefined ? undefined : "audio_seconds";
    },
  },
  output_cost_per_second_1080p: { ignored: "a call does not say how many lines its video has" },
  output_cost_per_video_per_second: {
    as: "`video_seconds`",
    wordIn: (row) => (row["output_cost_per_second"] === undefined ? "video_seconds" : undefined),
  },
  input_cost_per_video_per_second: {
    as: "`video_seconds` of embedding models; elsewhere video is billed as tokens",
    wordIn: (row) => (isEmbedding(row) ? "video_seconds" : undefined),
  },
  input_cost_per_video_per_second_above_8s_interval: { ignored: "a call does not say at which interval it sampled" },
  input_cost_per_video_per_second_above_15s_interval: { ignored: "a call does not say at which interval it sampled" },
  input_cost_per_audio_per_second: {
    as: "`audio_seconds` of embedding models; elsewhere audio is billed as tokens",
    wordIn: (row) => (isEmbedding(row) ? "audio_seconds" : undefined),
  },
  input_cost_per_character: { word: "characters" },
  output_cost_per_character: { ignored: "usage has the characters of the input; what comes out is billed as tokens" },
  input_cost_per_pixel: { word: "pixels" },
  output_cost_per_pixel: { ignored: "0 in every row: the picture is billed by `input_cost_per_pixel`" },
  output_cost_per_image: { word: "images" },
  input_cost_per_image: {
    as: "`images` of embedding models, and of image models without `output_cost_per_image`; in chat pictures are billed as tokens",
    wordIn(row) {
      if (isEmbedding(row)) return "images";
      return row["mode"] === "image_generation" && row["output_cost_per_image"] === undefined ? "images" : undefined;
    },
  },
  ocr_cost_per_page: { word: "pages" },
  annotation_cost_per_page: { ignored: "a call does not say whether its pages were annotated" },
  ocr_cost_per_credit: { ignored: "usage has no credits" },
  input_cost_per_query: {
    as: "`search_units` of rerankers, else `requests`",
    wordIn: ({ mode }) => (mode === "rerank" ? "search_units" : "requests"),
  },
  input_cost_per_request: { word: "requests" },
  code_interpreter_cost_per_session: { ignored: "usage has no sessions; a session outlives a call" },
  search_context_cost_per_query: { used: "`web_searches`, `web_searches_low`, `web_searches_high`" },
  tiered_pricing: { used: "bands, each above its lower end" },
  provider_specific_entry: { used: "factors: `fast` by speed, all others by region" },
  regional_processing_uplift_multiplier_eu: { used: "a factor by region" },
  regional_processing_uplift_multiplier_us: { used: "a factor by region" },
  input_dbu_cost_per_token: { ignored: "Databricks units, no money; the row has dollars beside them" },
  output_dbu_cost_per_token: { ignored: "Databricks units, no money; the row has dollars beside them" },
};
