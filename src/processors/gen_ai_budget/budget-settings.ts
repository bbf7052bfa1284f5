// Settings of the budgets. Shared by who charges and who explains what would be charged.
import { z } from "zod";
import type { Files, Objection } from "../../core/component.ts";
import { duration, extensionId, section, size } from "../../core/settings.ts";
import { type Budget, type Limit, openBudget, parseLimit } from "../../ledger/budget.ts";
import type { ChargingTerms } from "../../ledger/charging.ts";
import { redisObjections } from "../../ledger/redis/connect.ts";
import { calendars, isTimezone } from "../../ledger/windows.ts";
import { redisSection, redisSettings } from "./redis-settings.ts";

const hourMs = 3_600_000;
const identityWindowMsMax = 24 * hourMs;
const identityWindowMsMin = 60_000;
const journalBytesMin = 1024 ** 2;
const lateMsMax = 35 * 24 * hourMs;
const futureMsMax = 24 * hourMs;

const limit = (description: string) =>
  z
    .unknown()
    .transform((given, context): Limit => {
      const parsed = parseLimit(given);
      if (parsed !== undefined) return parsed;
      const message = `must be a limit such as 20 USD, 200000 tokens or 100 requests, not ${JSON.stringify(given)}`;
      context.addIssue({ code: "custom", message, input: given });
      return z.NEVER;
    })
    .meta({ description, type: "string" });

const budget = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, { error: "must be 1 to 64 letters, digits, _, . or -" })
    .meta({ description: "What the budget is called in answers, attributes and metrics. Unique." }),
  scope: z
    .union([z.literal("tenant"), z.tuple([z.literal("tenant")])], { error: "must be tenant" })
    .default("tenant")
    .meta({ description: "Whose spend is counted together." }),
  window: z
    .enum(calendars)
    .default("month")
    .meta({ description: "Over which calendar window. The end of a span chooses it, not its arrival." }),
  timezone: z
    .string()
    .refine(isTimezone, {
      error: (issue) => `must be a zone such as Europe/Berlin, not ${JSON.stringify(issue.input)}`,
    })
    .default("UTC")
    .meta({ description: "Zone in which days and months begin, by its IANA name." }),
  limit: limit(
    "How much each tenant may spend in a window, in USD, tokens or requests. Absent: counted only.",
  ).optional(),
});

export const budgetSettings = z.strictObject({
  ledger: section(
    z.strictObject({ redis: redisSection.optional() }),
    "Where spend is kept. Absent: by this process.",
  ).prefault({}),
  storage: extensionId(
    "file_storage",
    "Id of a file_storage extension: with a ledger of this process spend is on disk before the sender is acknowledged, with `ledger.redis` what is to be charged. Absent: spend is in memory and gone with the process, and senders wait for Redis.",
  ),
  journal: section(
    z.strictObject({
      max_size: size(
        "128MiB",
        "What charges may take on disk while they wait for Redis, and until `horizon` is over. When it is full, senders are asked to send again.",
      ),
      horizon: duration("15m", "How long charges are kept after Redis had them, to be repeated where it lost them."),
    }),
    "Charges on their way to Redis, in `storage`.",
  ).prefault({}),
  accept: section(
    z.strictObject({
      late: duration(
        "48h",
        "How long ago a span may have ended. Older ones are not charged, counted as late, and kept as files in `storage`.",
      ),
      future: duration(
        "5m",
        "How far ahead of the clock a span may end. Others are not charged, counted as future, and kept as files in `storage`.",
      ),
    }),
    "Which spans are charged.",
  ).prefault({}),
  identity_window: duration("1h", "How long a span that is better informed can still take a call over from another."),
  budgets: z
    .array(budget)
    .min(1, { error: "must have a budget; leave it out for the default list" })
    .prefault([{ name: "monthly" }])
    .meta({ description: "What is counted, and how much of it there may be." }),
  tenants: z
    .record(z.string(), z.record(z.string(), limit("Limit of one budget.")))
    .default({})
    .meta({ description: "Limits of single tenants: `{acme: {monthly: 2000 USD}}`." }),
  max_tenants: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .meta({ description: "Tenants beyond those named here; spend of further ones is kept under `@other`." }),
});

export type BudgetSettings = z.output<typeof budgetSettings>;

export function* budgetObjections(given: BudgetSettings, files: Files): Iterable<Objection> {
  const { redis } = given.ledger;
  const { max_size, horizon } = given.journal;
  if (max_size < journalBytesMin) yield { path: ["journal", "max_size"], text: "must be at least 1MiB" };
  if (hourMs < horizon) yield { path: ["journal", "horizon"], text: "must be at most 1h" };
  if (redis !== undefined)
    for (const { path, text } of redisObjections(redisSettings(redis), files))
      yield { path: ["ledger", "redis", ...path], text };
  const names = given.budgets.map(({ name }) => name);
  for (const [at, name] of names.entries())
    if (names.indexOf(name) < at)
      yield {
        path: ["budgets", at, "name"],
        text: `must be unique; ${JSON.stringify(name)} is the name of two budgets`,
      };
  for (const [tenant, limits] of Object.entries(given.tenants))
    for (const name of Object.keys(limits))
      if (!names.includes(name))
        yield { path: ["tenants", tenant, name], text: `is no budget; there is ${names.join(", ")}` };
  const { late, future } = given.accept;
  if (late < hourMs || lateMsMax < late) yield { path: ["accept", "late"], text: "must be 1h to 840h" };
  if (futureMsMax < future) yield { path: ["accept", "future"], text: "must be at most 24h" };
  if (Math.min(late, identityWindowMsMax) < given.identity_window)
    yield { path: ["identity_window"], text: "must be at most 24h, and no longer than accept.late" };
  if (given.identity_window < identityWindowMsMin)
    yield { path: ["identity_window"], text: "must be at least 1m, the time in which a charge is tried again" };
}

export function chargingTerms(given: BudgetSettings): ChargingTerms {
  return {
    budgets: given.budgets.map((budget) => budgetOf(budget, given.tenants)),
    acceptLateMs: given.accept.late,
    acceptFutureMs: given.accept.future,
    identityWindowMs: given.identity_window,
    tenantsMax: given.max_tenants,
    tenants: new Set(Object.keys(given.tenants)),
  };
}

function budgetOf(given: BudgetSettings["budgets"][number], tenants: BudgetSettings["tenants"]): Budget {
  const limits = Object.entries(tenants).flatMap(([tenant, byBudget]) => {
    const own = byBudget[given.name];
    return own === undefined ? [] : [[tenant, own] as const];
  });
  const { name, window, timezone, limit } = given;
  return openBudget({ name, window, timezone, limit, limits: new Map(limits) });
}
