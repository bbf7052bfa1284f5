// The faults. Each ends with everything running again, and tells what was acknowledged, delivered, lost and doubled.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../support/random.ts";
import { type CountingBackend, countingBackend } from "./counting-backend.ts";
import { NumberedSender, spanNanoUsd } from "./sender.ts";
import { pause, Subject, type SubjectOptions } from "./subject.ts";

export interface Outcome {
  /** Spans. */
  readonly acknowledged: number;
  readonly delivered: number;
  /** Acknowledged and never delivered. */
  readonly lost: number;
  /** Delivered more than once. */
  readonly doubled: number;
  /** Of these, those of which no acknowledgement was lost. */
  readonly doubledForNothing: number;
  readonly refusedRequests: number;
  /** What the ledger has for it; undefined where there is no ledger. */
  readonly spentNanoUsd: bigint | undefined;
  /** What it should have. */
  readonly dueNanoUsd: bigint;
}

export interface Rig {
  readonly subject: Subject;
  readonly sender: NumberedSender;
  readonly backends: readonly CountingBackend[];
  /** Instants at which the process was killed. */
  readonly kills: number[];
  random(): number;
}

export type Scenario = (rig: Rig) => Promise<void>;

export interface RigOptions extends Pick<SubjectOptions, "queue" | "ledger"> {
  readonly storage?: boolean;
  readonly backends?: readonly string[];
  /** Path of a Collector to be put through it instead. */
  readonly otelcol?: string | undefined;
  readonly seed?: number;
}

/** Runs a scenario, lets everything be delivered, and counts. */
export async function play(scenario: Scenario, options: RigOptions = {}): Promise<Outcome> {
  const { storage = true, otelcol, seed = 1, backends: names = ["a"] } = options;
  const folder = mkdtempSync(join(tmpdir(), "spantoll-faults-"));
  const backends = await Promise.all(names.map(() => countingBackend()));
  const urls = Object.fromEntries(names.map((name, at) => [name, backends[at]?.backend.url ?? ""]));
  const subject = await Subject.prepare(
    {
      folder,
      storage,
      backends: urls,
      ...(options.queue ? { queue: options.queue } : {}),
      ...(options.ledger ? { ledger: options.ledger } : {}),
    },
    otelcol,
  );
  const rig: Rig = { subject, sender: new NumberedSender(subject), backends, kills: [], random: seededRandom(seed) };
  try {
    await scenario(rig);
    for (const backend of backends) Object.assign(backend, { status: 200, delayMs: 0 });
    if (!subject.isRunning) subject.launch();
    await subject.ready();
    await rig.sender.finish();
    await settled(rig);
    const due = BigInt(rig.sender.acknowledged.size) * spanNanoUsd;
    return outcomeOf(rig, otelcol === undefined ? await spentAtLast(subject, due) : undefined);
  } finally {
    await subject.end("SIGKILL");
    for (const { backend } of backends) await backend.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Killed at random instants, also while it starts, with a backend that takes its time. */
export function killed(rounds: number): Scenario {
  return async ({ subject, sender, backends: [backend], kills, random }) => {
    if (backend) backend.delayMs = 100;
    sender.start(4);
    for (let round = 0; round < rounds; round++) {
      subject.launch();
      const duringStart = random() < 0.25;
      if (!duringStart) await subject.ready();
      await pause(random() * 500);
      kills.push(Date.now());
      await subject.end("SIGKILL");
    }
  };
}

/** The backend refuses connections' requests for a while. */
export function outage(ms: number): Scenario {
  return async ({ subject, sender, backends }) => {
    subject.launch();
    await subject.ready();
    sender.start(4, 10);
    await pause(200);
    for (const backend of backends.slice(0, 1)) backend.status = 503;
    await pause(ms);
    for (const backend of backends.slice(0, 1)) backend.status = 200;
    await pause(200);
  };
}

/** Stopped in order while the backend is down, and started again. */
export const stoppedInOutage: Scenario = async ({ subject, sender, backends: [backend] }) => {
  if (backend) backend.status = 503;
  subject.launch();
  await subject.ready();
  sender.start(2, 10);
  await pause(500);
  await subject.end("SIGTERM");
};

/** Until nothing has arrived for a second, and everything acknowledged has where it can. */
async function settled({ sender, backends }: Rig): Promise<void> {
  const total = () => backends.reduce((sum, { backend }) => sum + backend.received.length, 0);
  for (let before = -1, quiet = 0, waited = 0; quiet < 10 && waited < 600; waited++) {
    const complete = backends.every(({ taken }) => [...sender.acknowledged].every((name) => taken.has(name)));
    quiet = before === total() ? quiet + (complete ? 2 : 0.25) : 0;
    before = total();
    await pause(100);
  }
}

/** An acknowledgement of the backend this close to a kill may not have been heard. */
const hearingMs = 500;

function outcomeOf({ sender, backends, kills }: Rig, spentNanoUsd: bigint | undefined): Outcome {
  const { acknowledged, repeated } = sender;
  const names = new Set(backends.flatMap(({ taken }) => [...taken.keys()]));
  let lost = 0;
  let doubled = 0;
  let doubledForNothing = 0;
  for (const { taken } of backends) {
    for (const name of acknowledged) if (!taken.has(name)) lost++;
    for (const [name, instants] of taken) {
      if (instants.length === 1) continue;
      doubled++;
      const unheard = instants.slice(0, -1).every((at) => kills.some((kill) => Math.abs(at - kill) <= hearingMs));
      if (!unheard && !repeated.has(name)) doubledForNothing++;
    }
  }
  return {
    acknowledged: acknowledged.size,
    delivered: names.size,
    lost,
    doubled,
    doubledForNothing,
    refusedRequests: sender.refused,
    spentNanoUsd,
    dueNanoUsd: BigInt(acknowledged.size) * spanNanoUsd,
  };
}

/** What is acknowledged may still be on its way to a ledger elsewhere. */
async function spentAtLast(subject: Subject, dueNanoUsd: bigint): Promise<bigint> {
  for (let tries = 0; ; tries++) {
    const spent = await spentBy(subject);
    if (spent === dueNanoUsd || 300 < tries) return spent;
    await pause(100);
  }
}

async function spentBy({ apiPort }: Subject): Promise<bigint> {
  const answer = await fetch(`http://127.0.0.1:${apiPort}/v1/tenants/acme/budgets`);
  const statement = (await answer.json()) as { budgets?: { spent_nano_usd: string }[] };
  return BigInt(statement.budgets?.[0]?.spent_nano_usd ?? 0);
}
