// Five sidecars, the same 100,000 spans in random order and overlap, some of the sidecars and their Redis killed under
// way: `npm run test:faults five-sidecars`. Every window of every tenant is compared with what the spans cost.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startBackend } from "../support/backend.ts";
import { encode } from "../support/otlp-oracle.ts";
import { seededRandom } from "../support/random.ts";
import { ensureRedis, startRedis } from "../support/redis.ts";
import { pause, Subject } from "./subject.ts";

const spansInAll = Number(process.env["SOAK_SPANS"] ?? 100_000);
const sidecars = 5;
const tenants = 20;
const spansPerRequest = 200;
const hourMs = 3_600_000;
const random = seededRandom(5);

interface Told {
  readonly tenant: string;
  readonly endMs: number;
  readonly input: number;
  readonly output: number;
  readonly number: number;
}

test("five sidecars charge each of the spans once", async () => {
  ensureRedis();
  const redis = await startRedis(["--appendonly", "yes", "--appendfsync", "everysec"]);
  const backend = await startBackend();
  const folders = Array.from({ length: sidecars }, () => mkdtempSync(join(tmpdir(), "spantoll-five-")));
  const ledger = `{ redis: { url: "${redis.url}", timeout: 1s } }`;
  const budgets = "[{ name: monthly }, { name: daily, window: day, timezone: Europe/Berlin }]";
  const subjects = await Promise.all(
    folders.map((folder) =>
      Subject.prepare({ folder, storage: true, backends: { a: backend.url }, ledger, budgets }, undefined),
    ),
  );
  try {
    const startedMs = Date.now();
    const told = Array.from({ length: spansInAll }, (_, number) => tellingOf(number, startedMs));
    for (const subject of subjects) subject.launch();
    await Promise.all(subjects.map((subject) => subject.ready()));
    const isOver = { yes: false };
    const troubling = trouble(subjects, redis, isOver);
    // Everybody gets two fifths of them, and the first of them what nobody got.
    const shares = subjects.map(() => told.filter(() => random() < 0.4));
    const missing = new Set(told);
    for (const share of shares) for (const one of share) missing.delete(one);
    shares[0]?.push(...missing);
    await Promise.all(subjects.map((subject, at) => sendAll(subject, shuffled(shares[at] ?? []))));
    isOver.yes = true;
    await troubling;
    await redis.command("PING");
    const expected = expectedOf(told);
    let found = await windowsOf(subjects[1], expected);
    for (let tries = 0; tries < 600 && !isEqual(found, expected); tries++) {
      await pause(200);
      found = await windowsOf(subjects[1], expected);
    }
    const sent = shares.reduce((sum, share) => sum + share.length, 0);
    console.log(
      `${spansInAll} spans, told ${sent} times, ${expected.size} windows, ${Math.round((Date.now() - startedMs) / 1000)} s`,
    );
    expect(found).toEqual(expected);
  } finally {
    await Promise.all(subjects.map((subject) => subject.end("SIGKILL")));
    await backend.stop();
    await redis.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
});

function tellingOf(number: number, nowMs: number): Told {
  return {
    number,
    tenant: `tenant-${Math.floor(random() * tenants)}`,
    endMs: Math.floor(nowMs - random() * 40 * hourMs),
    input: Math.floor(random() * 5000),
    output: Math.floor(random() * 1000),
  };
}

/** Every few seconds one of the sidecars is killed and started again, and every other time Redis with it. */
async function trouble(
  subjects: readonly Subject[],
  redis: Awaited<ReturnType<typeof startRedis>>,
  isOver: { readonly yes: boolean },
): Promise<void> {
  for (let round = 0; !isOver.yes; round++) {
    await pause(4000 + random() * 4000);
    const subject = subjects[Math.floor(random() * subjects.length)];
    await subject?.end("SIGKILL");
    if (round % 2 === 1) await redis.restart();
    subject?.launch();
    await subject?.ready();
  }
}

async function sendAll(subject: Subject, spans: readonly Told[]): Promise<void> {
  for (let from = 0; from < spans.length; from += spansPerRequest) {
    const body = requestOf(spans.slice(from, from + spansPerRequest));
    while (!(await isTaken(subject, body))) await pause(50);
  }
}

async function isTaken({ url }: Subject, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
  try {
    const headers = { "content-type": "application/x-protobuf" };
    const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(10_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    // It is down for the moment.
    return false;
  }
}

function requestOf(told: readonly Told[]): Uint8Array<ArrayBuffer> {
  const spans = told.map(({ tenant, endMs, input, output, number }) => ({
    traceId: id(16, number),
    spanId: id(8, number),
    name: `chat-${number}`,
    kind: 3,
    startTimeUnixNano: `${endMs - 500}000000`,
    endTimeUnixNano: `${endMs}000000`,
    attributes: [
      { key: "gen_ai.operation.name", value: { stringValue: "chat" } },
      { key: "gen_ai.provider.name", value: { stringValue: "openai" } },
      { key: "gen_ai.request.model", value: { stringValue: "gpt-4o-mini" } },
      { key: "gen_ai.response.id", value: { stringValue: `chatcmpl-${number}` } },
      { key: "gen_ai.usage.input_tokens", value: { intValue: input } },
      { key: "gen_ai.usage.output_tokens", value: { intValue: output } },
      { key: "tenant.id", value: { stringValue: tenant } },
    ],
  }));
  return new Uint8Array(encode("traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] }));
}

function id(length: number, number: number): Uint8Array {
  const bytes = Buffer.alloc(length, 1);
  bytes.writeUInt32BE(number, length - 4);
  return bytes;
}

/** `tenant budget window` to nano-USD: gpt-4o-mini's 0.15 and 0.60 USD a million. */
function expectedOf(told: readonly Told[]): Map<string, string> {
  const sums = new Map<string, bigint>();
  for (const { tenant, endMs, input, output } of told)
    for (const window of [`monthly ${monthOf(endMs)}`, `daily ${dayInBerlin(endMs)}`]) {
      const key = `${tenant} ${window}`;
      sums.set(key, (sums.get(key) ?? 0n) + BigInt(input * 150 + output * 600));
    }
  return new Map([...sums].toSorted().map(([key, sum]) => [key, String(sum)]));
}

async function windowsOf(
  subject: Subject | undefined,
  expected: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const nowMs = Date.now();
  for (let tenant = 0; tenant < tenants; tenant++)
    for (let agoMs = 0; agoMs <= 48 * hourMs; agoMs += 12 * hourMs) {
      const atMs = nowMs - agoMs;
      const at = new Date(atMs).toISOString();
      const answer = await fetch(`http://127.0.0.1:${subject?.apiPort}/v1/tenants/tenant-${tenant}/budgets?at=${at}`);
      const statement = (await answer.json()) as { budgets?: { name: string; spent_nano_usd: string }[] };
      for (const { name, spent_nano_usd } of statement.budgets ?? []) {
        const key = `tenant-${tenant} ${name} ${name === "monthly" ? monthOf(atMs) : dayInBerlin(atMs)}`;
        if (expected.has(key) || spent_nano_usd !== "0") found.set(key, spent_nano_usd);
      }
    }
  return new Map([...found].toSorted());
}

function isEqual(one: ReadonlyMap<string, string>, two: ReadonlyMap<string, string>): boolean {
  return one.size === two.size && [...one].every(([key, value]) => two.get(key) === value);
}

function monthOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}

const berlin = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Berlin" });

function dayInBerlin(ms: number): string {
  return berlin.format(ms);
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((one, two) => one.order - two.order)
    .map(({ item }) => item);
}
