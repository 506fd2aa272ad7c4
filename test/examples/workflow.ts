import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { Ran } from '../e2e/support/cli.ts';

type Variables = Readonly<Record<string, string>>;

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | number>>;
  readonly run?: string;
  readonly env?: Variables;
}

interface Job {
  readonly if?: string;
  readonly 'runs-on': string;
  readonly defaults: { readonly run: { readonly shell: string } };
  readonly env: Variables;
  readonly steps: readonly Step[];
}

/** A workflow, as far as the examples use the language. */
export interface Workflow {
  readonly name: string;
  readonly on: object;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  workflow: ['name', 'on', 'permissions', 'jobs'],
  job: ['if', 'runs-on', 'defaults', 'env', 'steps'],
  step: ['name', 'uses', 'with', 'run', 'env'],
};
/** Actions that an example may use, and which of their inputs is a file that has to be there by then. */
const ACTIONS: ReadonlyMap<string, string | null> = new Map([
  ['actions/checkout', null],
  ['actions/setup-node', null],
  ['actions/upload-artifact', 'path'],
  ['github/codeql-action/upload-sarif', 'sarif_file'],
]);

/** Reads a workflow; a key that the runner below would pass over ends the test. */
export function readWorkflow(path: string): Workflow {
  const workflow = load(readFileSync(path, 'utf8')) as Workflow;
  refuseUnknown('workflow', workflow);
  for (const job of Object.values(workflow.jobs)) {
    refuseUnknown('job', job);
    for (const step of job.steps) {
      refuseUnknown('step', step);
      if ((step.run === undefined) === (step.uses === undefined)) throw new Error(`a step has either run or uses: ${JSON.stringify(step)}`);
    }
  }
  return workflow;
}

function refuseUnknown(what: string, value: object): void {
  const unknown = Object.keys(value).filter((key) => KEYS[what]?.includes(key) !== true);
  if (unknown.length > 0) throw new Error(`${what}: the key ${unknown.join(', ')} is not understood here`);
}

export interface Runner {
  /** What the checkout would have fetched. */
  readonly workspace: string;
  /** A folder of the runner's own. */
  readonly temp: string;
  readonly secrets: Variables;
  /** In place of what the job's `env` says. */
  readonly env?: Variables;
  run(command: readonly string[], at: { readonly cwd: string; readonly env: Variables }): Promise<Ran>;
}

export interface StepRan extends Ran {
  readonly name: string;
}

/** Runs a job's steps one after another, until one fails; actions are only looked at. */
export async function runJob(job: Job, runner: Runner): Promise<StepRan[]> {
  const files = { GITHUB_ENV: join(runner.temp, 'env'), GITHUB_STEP_SUMMARY: join(runner.temp, 'summary.md') };
  for (const file of Object.values(files)) writeFileSync(file, '');
  if (job.defaults.run.shell !== 'bash') throw new Error(`shell ${job.defaults.run.shell}`);
  const ran: StepRan[] = [];
  for (const step of job.steps) {
    if (step.run === undefined) {
      checkAction(step, runner.workspace);
      continue;
    }
    const env = {
      ...{ CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: runner.workspace, RUNNER_TEMP: runner.temp, ...files },
      ...job.env,
      ...runner.env,
      ...linesOf(files.GITHUB_ENV),
      ...evaluated(step.env ?? {}, runner.secrets),
    };
    const script = join(runner.temp, 'step.sh');
    writeFileSync(script, step.run);
    // docs.github.com, workflow syntax: what `shell: bash` stands for.
    const result = await runner.run(['bash', '--noprofile', '--norc', '-eo', 'pipefail', script], { cwd: runner.workspace, env });
    ran.push({ name: step.name ?? '', ...result });
    if (result.code !== 0) break;
  }
  return ran;
}

function checkAction({ uses = '', with: inputs = {} }: Step, workspace: string): void {
  const [action = '', version = ''] = uses.split('@');
  const input = ACTIONS.get(action);
  if (input === undefined || !/^v\d+$/.test(version)) throw new Error(`action ${uses} is not on the list`);
  if (input !== null && !existsSync(join(workspace, String(inputs[input])))) throw new Error(`${uses}: there is no ${inputs[input]}`);
}

function linesOf(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').split('\n');
  return Object.fromEntries(
    lines.filter((line) => line !== '').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** Secrets are all that the examples take from the context. */
function evaluated(env: Variables, secrets: Variables): Record<string, string> {
  const entries = Object.entries(env).map(([key, value]) => {
    const filled = value.replace(/\$\{\{\s*secrets\.(\w+)\s*\}\}/g, (_, name: string) => {
      const secret = secrets[name];
      if (secret === undefined) throw new Error(`no secret ${name}`);
      return secret;
    });
    if (filled.includes('${{')) throw new Error(`expression in ${value}`);
    return [key, filled];
  });
  return Object.fromEntries(entries);
}
