#!/usr/bin/env node
import nodeModule from 'node:module';
import { Argument, Command, CommanderError, Option } from 'commander';
import { PROGRAM_VERSION } from '../run/program_version.js';
import { EXIT } from './exit_codes.js';
import { LISTS } from './list_names.js';
import { COMMON, IMPORT, parseBytes, parseCount, parseList } from './options.js';
import { tolerateClosedPipes } from './output.js';
import { reportError } from './report_error.js';
import { parseShard } from './shard.js';

/** What a command's action leaves behind for the end of the program. */
type Finish = (exitCode: Promise<number> | number) => Promise<void>;

/** Builds the command line. Each command is loaded only when it is called: --help stays fast. */
function buildProgram(finish: Finish): Command {
  const program = new Command('oomsim')
    .description('Play Linux memory pressure: who is killed, when, why, and what if?')
    .version(PROGRAM_VERSION)
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();
  addRun(program, finish);
  addReplay(program, finish);
  addDiff(program, finish);
  addShrink(program, finish);
  addDecide(program, finish);
  addBatch(program, finish);
  addMerge(program, finish);
  addFidelity(program, finish);
  addImport(program, finish);
  addFileCommands(program, finish);
  return program;
}

function addRun(program: Command, finish: Finish): void {
  program
    .command('run')
    .description('play one workload; files go to out/<name>-<kernel>-<policy>-<seed>/')
    .argument('[workload]', 'a file, - for standard input, or a shipped name', 'small-vs-large')
    .addOption(COMMON.kernel())
    .addOption(COMMON.policy())
    .addOption(COMMON.set())
    .addOption(COMMON.seed())
    .addOption(COMMON.run())
    .addOption(COMMON.until())
    .addOption(COMMON.out())
    .addOption(COMMON.force())
    .addOption(new Option('--ui', 'dashboard (the default where there is a terminal)'))
    .addOption(new Option('--no-ui', 'no dashboard'))
    .addOption(COMMON.speed())
    .addOption(COMMON.compare())
    .addOption(COMMON.ascii())
    .addOption(new Option('--record', 'keep all that the dashboard shows, for oomsim replay'))
    .addOption(
      new Option('--queue <kind>', 'event queue; every kind gives the same run')
        .choices(['heap', 'ladder', 'auto'])
        .default('auto'),
    )
    .addOption(COMMON.check())
    .addOption(COMMON.json())
    .addOption(COMMON.quiet())
    .action(async (file, flags) => finish((await import('./run.js')).runRun(file, flags)));
}

function addReplay(program: Command, finish: Finish): void {
  program
    .command('replay')
    .description('play a run again and check that it is the same')
    .argument('<run>', 'its token, or its folder')
    .argument('[workload]', "the token's workload, where it is neither shipped nor in --out")
    .addOption(new Option('--policy <file>', "the token's policy file, where it is not found"))
    .addOption(COMMON.runs())
    .addOption(new Option('--no-continue', 'end where an interrupted run had stopped'))
    .addOption(new Option('--force', 'play it with another workload, policy or model version'))
    .addOption(new Option('--ui', 'dashboard (the default where there is a terminal)'))
    .addOption(new Option('--no-ui', 'no dashboard: play it again and check it'))
    .addOption(COMMON.speed())
    .addOption(COMMON.ascii())
    .addOption(COMMON.json())
    .addOption(COMMON.quiet())
    .action(async (run, workload, flags) =>
      finish((await import('./replay.js')).runReplay(run, workload, flags)),
    );
}

function addDiff(program: Command, finish: Finish): void {
  program
    .command('diff')
    .description('the first event at which two runs part, and why; exit code 1 if they do')
    .argument('<a>', 'a run: its token, its folder, or a workload')
    .argument('[b]', 'another; or one run, with two values for an option')
    .addOption(new Option('--policy <a,b>', 'policies, by name or as files').argParser(parseList))
    .addOption(new Option('--seed <a,b>', 'seeds').argParser(parseList))
    .addOption(new Option('--kernel <a,b>', 'kernels').argParser(parseList))
    .addOption(COMMON.set())
    .addOption(new Option('--workload <file>', "the tokens' workload, where it is not found"))
    .addOption(COMMON.runs())
    .addOption(
      new Option('--context <n>', 'events to show around').argParser(parseCount).default(3),
    )
    .addOption(COMMON.json())
    .addOption(COMMON.quiet())
    .addHelpText('after', DIFF_EXAMPLES)
    .action(async (a, b, flags) => finish((await import('./diff.js')).runDiff(a, b, flags)));
}

const DIFF_EXAMPLES = `
Examples:
  oomsim diff small-vs-large --policy process,cgroup
  oomsim diff small-vs-large --seed 1,2
  oomsim diff out/a-4.15-process-1 out/a-4.15-cgroup-1
  oomsim diff TOKEN TOKEN --workload mine.yaml`;

function addShrink(program: Command, finish: Finish): void {
  program
    .command('shrink')
    .description('the smallest workload that still shows a property; on stdout, or in a file')
    .argument('<run>', 'its token, its folder, or a workload')
    .argument('[workload]', "the token's workload, where it is neither shipped nor in out/")
    .addOption(
      new Option('--while <property>', 'what it must show; may be repeated')
        .makeOptionMandatory()
        .argParser((text: string, before: string[] = []) => [...before, text]),
    )
    .addOption(new Option('--policy <file>', "the token's policy file, where it is not found"))
    .addOption(new Option('--out <file>', 'write the workload there instead of to stdout'))
    .addOption(new Option('--force', 'overwrite the file; play another workload or model version'))
    .addOption(
      new Option('--max-runs <n>', 'workloads to try at most').argParser(parseCount).default(5000),
    )
    .addOption(COMMON.json())
    .addOption(COMMON.quiet())
    .addHelpText('after', SHRINK_PROPERTIES)
    .action(async (run, workload, flags) =>
      finish((await import('./shrink.js')).runShrink(run, workload, flags)),
    );
}

const SHRINK_PROPERTIES = `
Properties:
  kills>0  alloc-failures>9  reap-delay>1s     also >= < <= =
  panic  alloc-failure  crash                  crash: an error of oomsim itself
  victim=/a/b:name  victim=name                somebody of that name (in that cgroup) is killed
  diverges:process,cgroup                      two policies kill others, or in another order
  mine.ts                                      export default (run) => run.kills.length > 3;`;

function addDecide(program: Command, finish: Finish): void {
  program
    .command('decide')
    .description('no time passes: who would be killed now, under each policy, and why')
    .argument(
      '<file>',
      'a workload, a kernel log with an OOM report, Kubernetes manifests, a capture of import host, ' +
        'or / for this machine; - reads stdin',
    )
    .addOption(COMMON.kernels())
    .addOption(COMMON.policies())
    .addOption(COMMON.settings())
    .addOption(COMMON.at())
    .addOption(
      new Option('--memcg <path>', 'the cgroup at its limit, instead of the whole machine'),
    )
    .addOption(COMMON.report())
    .addOption(new Option('--explain', 'the arithmetic of every candidate, task and cgroup'))
    .addOption(COMMON.json())
    .action(async (file, flags) => finish((await import('./decide.js')).runDecide(file, flags)));
}

function addBatch(program: Command, finish: Finish): void {
  program
    .command('batch')
    .description('an experiment: policies × sizes × seeds in parallel, with statistics')
    .argument('<experiment>', 'a file, or the name of a shipped experiment')
    .addOption(COMMON.out())
    .addOption(COMMON.force())
    .addOption(COMMON.workers())
    .addOption(COMMON.replications())
    .addOption(new Option('--dry-run', 'show the plan and an estimate, play nothing'))
    .addOption(
      new Option(
        '--shard <k/n>',
        'play only part k of n; auto/n takes k from Kubernetes, Slurm or GNU parallel',
      ).argParser(parseShard),
    )
    .addOption(
      new Option('--emit <engine>', 'print a Job manifest or an sbatch script').choices([
        'kubernetes',
        'slurm',
      ]),
    )
    .addOption(COMMON.shards())
    .addOption(new Option('--image <name>', 'of --emit kubernetes: the container image'))
    .addOption(COMMON.check())
    .addOption(COMMON.json())
    .addOption(COMMON.quiet())
    .action(async (file, flags) => finish((await import('./batch.js')).runBatch(file, flags)));
}

function addMerge(program: Command, finish: Finish): void {
  program
    .command('merge')
    .description('put the shards of a batch together')
    .argument('<dirs...>', 'folders of shards, in any order; a shard may be there twice')
    .addOption(COMMON.out())
    .addOption(COMMON.force())
    .addOption(COMMON.json())
    .action(async (dirs, flags) => finish((await import('./merge.js')).runMerge(dirs, flags)));
}

function addFidelity(program: Command, finish: Finish): void {
  program
    .command('fidelity')
    .description('play truth files and compare with what the real kernels did')
    .argument('<dir>', 'folder of truth files')
    .addOption(new Option('--kernel <name>', 'only what was measured on this kernel'))
    .addOption(COMMON.json())
    .addOption(COMMON.quiet())
    .action(async (dir, flags) => finish((await import('./fidelity.js')).runFidelity(dir, flags)));
}

function addImport(program: Command, finish: Finish): void {
  const command = program.command('import').description('make a workload of something real');
  command
    .command('dmesg')
    .description('a workload from an OOM report in a kernel log')
    .argument('<file>', 'the log; - reads standard input')
    .addOption(IMPORT.out())
    .addOption(COMMON.report())
    .addOption(new Option('--list', 'only list the reports of the log'))
    .addOption(IMPORT.force())
    .action(async (file, flags) =>
      finish((await import('./import_dmesg.js')).runImportDmesg(file, flags)),
    );
  command
    .command('host')
    .description('a workload from this machine, as its /proc and cgroups are now')
    .addOption(IMPORT.out())
    .addOption(IMPORT.force())
    .addOption(
      new Option(
        '--root <dir|capture>',
        'a folder that holds proc/ and sys/, or a capture',
      ).default('/', 'this machine'),
    )
    .addOption(
      new Option(
        '--capture <file>',
        'write what was read there: sizes and names, no command lines',
      ),
    )
    .addOption(new Option('--anonymise', 'numbers instead of names'))
    .allowExcessArguments() // which it tells better what to do with
    .action(async (flags, { args }: Command) =>
      finish((await import('./import_host.js')).runImportHost(args, flags)),
    );
  command
    .command('kubernetes')
    .description('a workload from the manifests of the pods of one node')
    .argument(
      '<files...>',
      'YAML or JSON, as written or as kubectl get -o prints it; - reads stdin',
    )
    .addOption(IMPORT.out())
    .addOption(IMPORT.force())
    .addOption(new Option('--usage <file>', 'real sizes: kubectl top pods [--containers], or CSV'))
    .addOption(new Option('--node <name>', 'which node; default: the one with most pods'))
    .addOption(
      new Option('--node-memory <size>', "default: the Node object's").argParser(parseBytes),
    )
    .addOption(new Option('--node-swap <size>', 'swap space; default: none').argParser(parseBytes))
    .addOption(
      new Option('--reserved <size>', 'kube-reserved and system-reserved').argParser(parseBytes),
    )
    .addOption(
      new Option('--driver <name>', 'cgroup driver of the kubelet')
        .choices(['systemd', 'cgroupfs'])
        .default('systemd'),
    )
    .addOption(
      new Option(
        '--single-process-oom-kill',
        "the kubelet's singleProcessOOMKill: no memory.oom.group, as before 1.28 and on cgroup v1",
      ),
    )
    .action(async (files, flags) =>
      finish((await import('./import_kubernetes.js')).runImportKubernetes(files, flags)),
    );
}

function addFileCommands(program: Command, finish: Finish): void {
  program
    .command('validate')
    .description('check a workload file and name every problem with its line and column')
    .argument('<file>', 'a file, - for standard input, or the name of a shipped workload')
    .action(async (file) => finish((await import('./validate.js')).runValidate(file)));
  program
    .command('schema')
    .description('print the JSON Schema of workload files, for editors')
    .addOption(new Option('--experiment', 'of experiment files'))
    .action(async (flags) => finish((await import('./schema.js')).runSchema(flags)));
  program
    .command('list')
    .description('shipped workloads and experiments, metrics, kernels, policies, killers, switches')
    .addArgument(new Argument('[what]', 'only one of them').choices(LISTS))
    .addOption(COMMON.json())
    .action(async (what, flags) => finish((await import('./list.js')).runList(what, flags)));
}

/** Runs one command line. @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(async (code) => {
    exitCode = await code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error);
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // commander has printed help or the error
  }
}

// Where a bug happened is told by the lines of src; commands are imported after this.
if (process.env.OOMSIM_DEBUG) process.setSourceMapsEnabled(true);
// From Node 22.1 on, a second start needn't compile again.
(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();
tolerateClosedPipes();
process.on('uncaughtException', (error) => process.exit(reportError(error)));
process.exitCode = await main(process.argv.slice(2));
