// What the program reports about prices: tokens of billed calls, calls without a price, and a hint for each model.
import type { Host } from "../../core/host.ts";
import type { Call } from "../../genai/call.ts";
import type { Cost } from "../../pricing/cost.ts";

/** Models that were hinted at; beyond, the counter alone tells of them. */
const hintsMax = 200;
/** Names in a hint come from outside. */
const nameLengthMax = 200;

interface Tokens {
  readonly tenant: string;
  readonly provider: string;
  readonly model: string;
  readonly amounts: Map<string, number>;
}

export class Figures {
  readonly #host: Host;
  readonly #hinted = new Set<string>();
  /** Tokens of the batch at hand, so that the meter is asked once for many calls of one model. */
  readonly #tokens = new Map<string, Tokens>();

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
    for (const { tenant, provider, model, amounts } of this.#tokens.values()) {
      for (const [type, tokens] of amounts) {
        this.#host.meter.add("spantoll_tokens_total", tokens, { tenant, provider, model, type });
      }
    }
    this.#tokens.clear();
  }

  #addTokens(call: Call): void {
    if (!call.usage) return;
    const { tenant } = call.subject;
    const provider = call.provider ?? "";
    const model = modelOf(call);
    const key = `${tenant}\u0000${provider}\u0000${model}`;
    let tokens = this.#tokens.get(key);
    if (!tokens) {
      tokens = { tenant, provider, model, amounts: new Map() };
      this.#tokens.set(key, tokens);
    }
    const {
      cache_write = 0,
      cache_write_5m = 0,
      cache_write_1h = 0,
      input,
      cache_read,
      output,
      reasoning,
    } = call.usage;
    addTo(tokens.amounts, "input", input);
    addTo(tokens.amounts, "cache_read", cache_read);
    // A total of writes may stand beside its parts.
    addTo(tokens.amounts, "cache_write", Math.max(cache_write, cache_write_5m + cache_write_1h));
    addTo(tokens.amounts, "output", output);
    addTo(tokens.amounts, "reasoning", reasoning);
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

function addTo(amounts: Map<string, number>, type: string, tokens: number | undefined): void {
  if (tokens !== undefined && 0 < tokens) amounts.set(type, (amounts.get(type) ?? 0) + tokens);
}

function modelOf({ responseModel, requestModel, providerModel }: Call): string {
  return responseModel ?? requestModel ?? providerModel ?? "";
}
