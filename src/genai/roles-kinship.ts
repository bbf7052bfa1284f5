// Who restates whom in a trace. A span above may repeat the sum of the calls below it (agents, chains, wrappers), and
// the layers of one call stand above each other where the trace is passed on.
//
// What is found is a function of the spans that are known, and more of them never free a span that was found to be told
// by others: so it does not matter in which order and in how many requests they come.
import { isHigher } from "./layers.ts";
import { fits, restate, tokensOf } from "./roles-counts.ts";
import type { Kin } from "./roles-family.ts";
import { answersDiffer, sharesId } from "./roles-identity.ts";
import { payerOf, type Standing, type Teller } from "./roles-teller.ts";

/** Sets where each teller of a trace stands among its kin. Their owners are settled before. */
export function settleKinship(family: readonly Kin[]): void {
  for (const { teller } of family) stand(teller, "alone", undefined);
  if (family.length < 2) return;
  for (const kin of family) {
    const whole = wholeOf(kin);
    if (whole) stand(kin.teller, "lower_layer", whole);
  }
  for (const kin of family) if (kin.teller.standing !== "lower_layer") lookBelow(kin);
}

/**
 * Is a span of a higher layer above it, with room for it? Choices of one answer, and attempts that the client gave up,
 * are parts of one call of the layer above.
 */
function wholeOf({ teller, above }: Kin): Teller | undefined {
  for (let whole = above; whole; whole = whole.above) {
    if (isHigher(whole.teller.layer, teller.layer) && fits(teller.usage, whole.teller.usage)) return whole.teller;
  }
  return undefined;
}

function stand(teller: Teller, standing: Standing, whole: Teller | undefined): void {
  teller.standing = standing;
  teller.whole = whole;
}

/** Do the spans below say what this one says? */
function lookBelow(kin: Kin): void {
  const { teller } = kin;
  const told = coverOf(kin);
  if (told.length === 0) return;
  const isWrapper = told.some((part) => sharesId(part.teller, teller));
  const parts = isWrapper ? told : told.filter((part) => !answersDiffer(part.teller, teller));
  const restated = parts.filter((part) => restate(teller.usage, part.teller.usage));
  // The id is how other processes know the call: who has one pays for those below that have none.
  const covered = restated.filter((part) => isCoveredBy(teller, part.teller));
  for (const part of covered) stand(part.teller, "covered", teller);
  const tokens = tokensOf(teller.usage);
  // Some of the parts may not have arrived.
  const isSum = 0 < tokens && tokens <= 2 * massOf(kin, new Set(parts.filter((part) => !covered.includes(part))));
  if (covered.length === restated.length && !isSum) return;
  const higher = restated.find((part) => isHigher(part.teller.layer, teller.layer));
  stand(teller, higher ? "lower_layer" : "rollup", higher?.teller);
}

function isCoveredBy(whole: Teller, part: Teller): boolean {
  const payer = payerOf(whole);
  if (isHigher(part.layer, payer.layer) || answersDiffer(part, whole)) return false;
  if (payer !== whole) return payerOf(part) !== payer;
  return 0 < whole.responseIds.length && part.responseIds.length === 0;
}

/** Spans below, however far, that tell of calls that this one may restate. */
function coverOf(kin: Kin, below: readonly Kin[] = kin.below, found: Kin[] = []): Kin[] {
  for (const part of below) {
    if (mayTell(part.teller, kin.teller)) found.push(part);
    coverOf(kin, part.below, found);
  }
  return found;
}

function mayTell(part: Teller, whole: Teller): boolean {
  return !isHigher(whole.layer, part.layer) && fits(part.usage, whole.usage) && payerOf(part) !== whole;
}

/** How much the parts tell together: what restates others of them counts once, and so does what two tell of one call. */
function massOf(kin: Kin, parts: ReadonlySet<Kin>, told: ReadonlySet<Teller> = tellersOf(parts)): number {
  let mass = 0;
  for (const part of kin.below) {
    const within = massOf(part, parts, told);
    const payer = payerOf(part.teller);
    const counts = parts.has(part) && (payer === part.teller || !told.has(payer));
    mass += counts ? Math.max(tokensOf(part.teller.usage), within) : within;
  }
  return mass;
}

function tellersOf(kin: ReadonlySet<Kin>): ReadonlySet<Teller> {
  return new Set([...kin].map(({ teller }) => teller));
}
