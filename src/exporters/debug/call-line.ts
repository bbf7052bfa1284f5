// One call as a line that is read in columns: when, whose, what, how much, for how much, and what is left.
import type { Call } from "../../genai/call.ts";
import type { BudgetLeft } from "../../ledger/budget.ts";
import type { Charge } from "../../ledger/charging.ts";
import type { Cost } from "../../pricing/cost.ts";

/** `10:00:01  acme            openai gpt-4o-mini          1,215 in (1,024 cached)    87 out   $0.00015    monthly: $499.99 left`. */
export function callLine(call: Call, cost: Cost | undefined, charge: Charge | undefined): string {
  const columns = [
    new Date(call.endMs).toISOString().slice(11, 19),
    plain(call.subject.tenant).padEnd(14),
    plain([call.provider, modelOf(call)].filter(Boolean).join(" ") || "unknown model").padEnd(34),
    tokensOf(call).padEnd(34),
    outcomeOf(call, cost, charge),
  ];
  return columns.join("  ").trimEnd();
}

function modelOf(call: Call): string | undefined {
  return call.responseModel ?? call.providerModel ?? call.requestModel;
}

function tokensOf({ usage }: Call): string {
  if (usage === undefined) return "no usage";
  const input = `${count(usage.input ?? 0)} in`;
  const cached = usage.cache_read ? ` (${count(usage.cache_read)} cached)` : "";
  const output = usage.output === undefined ? "" : ` + ${count(usage.output)} out`;
  return `${input}${cached}${output}`;
}

function outcomeOf(call: Call, cost: Cost | undefined, charge: Charge | undefined): string {
  if (call.role !== "bill") return `${call.role === "shadow" ? "not billed" : "no charge"}: ${words(call.reason)}`;
  return [costText(cost).padEnd(14), chargeText(charge)].filter((text) => text.trim() !== "").join("  ");
}

function costText(cost: Cost | undefined): string {
  if (cost === undefined) return "";
  if (cost.status === "unpriced") return `no price: ${words(cost.reason)}`;
  if (cost.status === "free") return "free";
  return cost.status === "priced_estimated" ? `about ${usd(cost.nanoUsd)}` : usd(cost.nanoUsd);
}

function chargeText(charge: Charge | undefined): string {
  if (charge === undefined) return "";
  if (charge.result === "charged") return charge.left ? leftText(charge.left) : "";
  if (charge.result === "replayed") return "charged before";
  return charge.result === "shadowed" ? "charged to another span of the call" : `not charged: ${charge.result}`;
}

function leftText({ budget, limit, remaining, state }: BudgetLeft): string {
  if (limit === undefined || remaining === undefined) return `${plain(budget)}: ${usd(state.nanoUsd)} spent`;
  if (limit.unit === "nano_usd") return `${plain(budget)}: ${usd(remaining)} left`;
  return `${plain(budget)}: ${count(remaining)} ${limit.unit} left`;
}

/** Exact, with at least two decimals: `$0.00015825`, `$12.50`. */
export function usd(nanoUsd: bigint): string {
  const digits = nanoUsd.toString().padStart(10, "0");
  const decimals = digits.slice(-9).replace(/0{1,7}$/, "");
  return `$${count(BigInt(digits.slice(0, -9)))}.${decimals}`;
}

function count(amount: number | bigint): string {
  return amount.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function words(name: string): string {
  return name.replaceAll("_", " ");
}

const textCharsMax = 60;

/** What a sender chose must not steer the terminal, and one long name must not push a line out of its columns. */
function plain(text: string): string {
  const visible = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\uFFFD");
  return visible.length > textCharsMax ? `${visible.slice(0, textCharsMax - 1)}…` : visible;
}
