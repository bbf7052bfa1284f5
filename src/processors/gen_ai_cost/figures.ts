// What the program reports about prices: tokens of billed calls, calls without a price, and a hint for each model.
import type { Host } from "../../core/host.ts";
import type { Call } from "../../genai/call.ts";
import type { Cost } from "../../pricing/cost.ts";

/** Models that were hinted at; beyond, the counter alone tells of them. */
const hintsMax = 200;
/** Names in a hint come from outside. */
const nameLengthMax = 200;

/** What a tenant used of a model: one series by type of token, and what the request at hand adds to it. */
interface Tokens {
  readonly provider: string;
  readonly model: string;
  readonly series: readonly { readonly labels: Readonly<Record<string, string>>; tokens: number }[];
  isAtHand: boolean;
}

const types = ["input", "cache_read", "cache_write", "output", "reasoning"] as const;

/** How many sums are kept; their names come from outside. */
const sumsMax = 4096;

export class Figures {
  readonly #host: Host;
  readonly #hinted = new Set<string>();
  /** By tenant. The meter is asked once for many calls of one model, with labels that were made once. */
  readonly #sums = new Map<string, Tokens[]>();
  #sumsCount = 0;
  readonly #atHand: Tokens[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  count(call: Call, cost: Cost): void {
    this.#addTokens(call);
    if (cost.status !== "unpriced") return;
    const provider = call.provider ?? "";
    const model = modelOf(call);
    this.#host.meter.add("spantoll_unpriced_calls_total", 1, { reason: cost.reason, provider, model });
    if (cost.reason !== "missing_usage") this.#hint(provider, model, cost.reason);
  }

  /** Hands the tokens of the batch to the meter. */
  tell(): void {
    for (const sum of this.#atHand) {
      for (const one of sum.series) {
        if (0 < one.tokens) this.#host.meter.add("spantoll_tokens_total", one.tokens, one.labels);
        one.tokens = 0;
      }
      sum.isAtHand = false;
    }
    if (0 < this.#atHand.length) this.#atHand.length = 0;
  }

  #addTokens(call: Call): void {
    const { usage } = call;
    if (!usage) return;
    const { series } = this.#tokensOf(call.subject.tenant, call.provider ?? "", modelOf(call));
    const [input, cacheRead, cacheWrite, output, reasoning] = series;
    add(input, usage.input);
    add(cacheRead, usage.cache_read);
    // A total of writes may stand beside its parts.
    const parts = (usage.cache_write_5m ?? 0) + (usage.cache_write_1h ?? 0);
    add(cacheWrite, Math.max(usage.cache_write ?? 0, parts));
    add(output, usage.output);
    add(reasoning, usage.reasoning);
  }

  #tokensOf(tenant: string, provider: string, model: string): Tokens {
    const found = this.#sumOf(tenant, provider, model);
    if (!found.isAtHand) this.#atHand.push(found);
    found.isAtHand = true;
    return found;
  }

  #sumOf(tenant: string, provider: string, model: string): Tokens {
    const known = this.#sums.get(tenant);
    if (known) for (const sum of known) if (sum.model === model && sum.provider === provider) return sum;
    const series = types.map((type) => ({ labels: { tenant, provider, model, type }, tokens: 0 }));
    const sum: Tokens = { provider, model, series, isAtHand: false };
    if (sumsMax <= this.#sumsCount++) {
      this.#sums.clear();
      this.#sumsCount = 1;
    }
    const others = this.#sums.get(tenant);
    if (others) others.push(sum);
    else this.#sums.set(tenant, [sum]);
    return sum;
  }

  #hint(provider: string, model: string, reason: string): void {
    const key = `${provider}/${model}`;
    if (this.#hinted.has(key) || hintsMax <= this.#hinted.size) return;
    this.#hinted.add(key);
    this.#host.log.warn(
      "calls of a model have no price and are not charged; add a line to gen_ai_cost and fill in the prices",
      {
        reason,
        provider,
        model: model.slice(0, nameLengthMax),
        add: hintLine(provider, model.slice(0, nameLengthMax)),
      },
    );
  }
}

/** The line to add: an alias where the name stands for a model that only the user knows, else a row in USD per million. */
function hintLine(provider: string, model: string): string {
  if (model.startsWith("arn:") || provider === "") return `aliases: { ${JSON.stringify(model)}: PROVIDER/MODEL }`;
  const row = `{ id: ${JSON.stringify(model)}, prices: [{ cells: { default: { input: USD_PER_MTOK, output: USD_PER_MTOK } } }] }`;
  return `prices: [bundled, { inline: { providers: [{ id: ${JSON.stringify(provider)}, models: [${row}] }] } }]`;
}

function add(sum: { tokens: number } | undefined, tokens: number | undefined): void {
  if (sum && tokens !== undefined && 0 < tokens) sum.tokens += tokens;
}

function modelOf({ responseModel, requestModel, providerModel }: Call): string {
  return responseModel ?? requestModel ?? providerModel ?? "";
}
