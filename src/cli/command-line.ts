import 'reflect-metadata';
import { CommandFactory, CommandRunnerService } from 'nest-commander';
import { PRODUCT_VERSION } from '../app/product.js';
import { CliModule } from './cli.module.js';
import { EXIT, UsageError } from './exit-codes.js';
import { type Program, RootCommand } from './root-command.js';
import { sentenceOf } from './sentence.js';

/** A command that keeps something open must not keep the shell waiting once its work is done. */
const LINGER_MS = 3_000;

/** Runs one command and answers the exit code. Every failure is one sentence on standard error, never a stack. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let failure: unknown;
  const app = await CommandFactory.createWithoutRunning(CliModule, {
    logger: false,
    abortOnError: false,
    serviceErrorHandler: (error) => {
      failure = error;
    },
  });
  try {
    const { program } = app.get(RootCommand);
    program.name('lethe').description('Lethe, the AI gateway that keeps its privacy policy.').version(PRODUCT_VERSION);
    prepare(program);
    await app.get(CommandRunnerService).run([...argv]);
  } finally {
    await app.close();
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
  return failure === undefined ? Number(process.exitCode ?? EXIT.ok) : exitCodeOf(failure);
}

/** Commander would end the process by itself, and each sub-command keeps its own settings. */
function prepare(command: Program): void {
  command
    .exitOverride()
    .showHelpAfterError('(add --help for what it takes)')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'lethe: ')) });
  command.commands.forEach(prepare);
}

function exitCodeOf(failure: unknown): number {
  const code = failure instanceof Error && 'code' in failure ? String(failure.code) : '';
  if (code === 'commander.helpDisplayed' || code === 'commander.version') return EXIT.ok;
  // Commander has said on standard error what is wrong.
  if (code.startsWith('commander.')) return EXIT.usage;
  process.stderr.write(`lethe: ${sentenceOf(failure)}\n`);
  return failure instanceof UsageError ? EXIT.usage : EXIT.failure;
}
