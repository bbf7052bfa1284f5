// `npm run test:doors`: 100,000 requests with bytes that are wrong, against the built program. The same seed gives the
// same requests; `-- --seed 7 --first 4711 --requests 1` gives one of them again.
import { parseArgs } from "node:util";
import { type DoorsOutcome, fuzzDoors } from "./doors.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "100000" },
    seed: { type: "string", default: "20261121" },
    first: { type: "string", default: "0" },
  },
});
const options = { requests: Number(values.requests), seed: Number(values.seed), first: Number(values.first) };
const outcome = await fuzzDoors(options);
print(`${options.requests} requests of seed ${options.seed} in ${Math.round(outcome.tookMs / 1000)} s`);
printOutcome(outcome);
process.exitCode = isFine(outcome) ? 0 : 1;

function printOutcome({ answers, wrong, wrongCount, unreadable, memory, ...rest }: DoorsOutcome): void {
  for (const [answer, count] of [...answers].sort()) print(`  ${answer}: ${count}`);
  for (const line of wrong) print(`  wrong answer: ${line}`);
  for (const line of unreadable.slice(0, 100)) print(`  unreadable at the backend: ${line}`);
  print(`wrong answers ${wrongCount}, unreadable at the backend ${unreadable.length} of ${rest.delivered}`);
  print(`slowest answer ${Math.round(rest.slowestMs)} ms, errors in the log ${rest.errorLines}, exit ${rest.exitCode}`);
  const mebibytes = [memory.start, ...memory.quarters, memory.peak].map((bytes) => Math.round(bytes / 1024 ** 2));
  print(`memory in MiB at the start, after each quarter, and at most: ${mebibytes.join(", ")}`);
}

function isFine({ wrongCount, unreadable, errorLines, exitCode }: DoorsOutcome): boolean {
  return wrongCount === 0 && unreadable.length === 0 && errorLines === 0 && exitCode === 0;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
